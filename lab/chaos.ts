import { parseArgs } from 'node:util';
import type { FaultKind } from './chaos/plan-chaos.ts';
import { runSeed } from './chaos/run-seed.ts';
import { chapter, say } from './narrate.ts';
import { readLab } from './read-lab.ts';

// Kills and faults over a running rekmod with real builds, and afterwards whether all is as it must be: docs/chaos.md.
//   npm run chaos -- [--seeds 3 | --seed 7] [--faults 18] [--settle 300] [--small] [--keep]

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string' },
    faults: { type: 'string', default: '18' },
    settle: { type: 'string', default: '300' },
    small: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const lab = await readLab();
if (!lab) throw new Error('the lab is not made: run lab/make-lab.sh');
const seeds =
  values.seed === undefined
    ? Array.from({ length: Number(values.seeds) }, (_, index) => index + 1)
    : [Number(values.seed)];
const ending = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => ending.abort());

const all = new Map<FaultKind, number>();
const violations: string[] = [];
for (const seed of seeds) {
  chapter(`Seed ${seed}`);
  const result = await runSeed(lab, {
    ...{ seed, say, signal: ending.signal, isKept: values.keep },
    faultCount: Number(values.faults),
    size: values.small ? 'small' : 'full',
    settleMs: Number(values.settle) * 1000,
  });
  for (const [kind, count] of result.faults) all.set(kind, (all.get(kind) ?? 0) + count);
  for (const violation of result.violations) say(`VIOLATION: ${violation}`);
  if (result.violations.length > 0) {
    const options = `--faults ${values.faults}${values.small ? ' --small' : ''}`;
    say(`again: npm run chaos -- --seed ${seed} ${options}`);
  }
  violations.push(...result.violations);
}

chapter('What was done');
for (const [kind, count] of [...all].sort()) console.log(`${`${count}`.padStart(4)}  ${kind}`);
const faultCount = [...all.values()].reduce((sum, count) => sum + count, 0);
console.log(`faults: ${faultCount}, violations: ${violations.length}`);
process.exitCode = violations.length === 0 && faultCount > 0 ? 0 : 1;
