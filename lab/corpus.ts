import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CellOutcome } from '../model/cell.ts';
import type { Explanation } from '../model/explanation.ts';
import type { CellStatus } from '../model/status.ts';
import { chooseKernels, makeKernel } from './corpus/kernels.ts';
import { type CorpusOutcome, hasModules, summarize } from './corpus/outcome.ts';
import { buildByDkms, type DkmsAnswer, type DkmsPackage, listPackages } from './corpus/packages.ts';
import {
  describeOutcomes,
  describeRollouts,
  describeSummary,
  describeTroubles,
  isGood,
} from './corpus/report.ts';
import { measureRollouts } from './corpus/rollouts.ts';
import { endEarlier } from './end-earlier.ts';
import { cacheDirectory, readLab } from './read-lab.ts';
import { cellsOf, watchKernel } from './watch-kernel.ts';
import { removeWorld, World } from './world.ts';

// Every DKMS package of Debian's archive through whole rollouts of three real kernels, one after the
// other; dkms(8) itself is the judge of what has no modules in the end.

const ROLLOUT_TIMEOUT_MS = 90 * 60_000;
const STREAM = 'lab';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kernels: { type: 'string' },
    parallel: { type: 'string', default: '2' },
    resume: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

const startedAt = performance.now();
const lab = await readLab();
if (!lab) throw new Error('the lab is not made: run lab/make-lab.sh');
const releases = values.kernels?.split(',') ?? (await chooseKernels(lab));
for (const release of releases) await makeKernel(release);
const packages = await listPackages(positionals);
const directory = join(cacheDirectory(), 'corpus');
await endEarlier(join(directory, 'home'));
if (!values.resume) await removeWorld(directory);
const world = await World.create(lab, {
  directory,
  kmods: [],
  moreKmods: Object.fromEntries(packages.map(({ kmod, deb }) => [kmod, `dkms: '${deb}'`])),
  released: releases.slice(0, 1),
  poll: '30s',
  limits: [`parallelBuilds: ${values.parallel}`],
});
// A run that is ended takes its rekmod along; --resume goes on where it was.
process.once('SIGTERM', () => void world.end('SIGTERM').then(() => process.exit(143)));
try {
  await play();
  await report(await judge());
} finally {
  if (values.keep) {
    say(`rekmod stays up: ${world.serverUrl}/status/, Temporal UI ${world.temporalUi}`);
    world.abandon();
  } else {
    await world[Symbol.asyncDispose]();
  }
}
process.exit();

/** Releases the kernels one after the other, each when the one before has ended. */
async function play(): Promise<void> {
  await world.up();
  say(`up; status page ${world.serverUrl}/status/, Temporal UI ${world.temporalUi}`);
  for (const release of releases) {
    say(`the vendor releases ${release}; ${packages.length} kmods`);
    await world.release(release);
    const kernel = { release, kmodCount: packages.length, timeoutMs: ROLLOUT_TIMEOUT_MS };
    await watchKernel(world, kernel, say);
  }
}

/** Asks rekmod why there are no modules, and dkms whether it could have made them. */
async function judge(): Promise<readonly CorpusOutcome[]> {
  const ended = await world.status();
  const outcomes: CorpusOutcome[] = [];
  for (const release of releases) {
    const cells = cellsOf(ended, release);
    const bare = cells.filter(({ state }) => !hasModules(state));
    const names = bare.map(({ kmod }) => packageOf(kmod).name);
    if (names.length > 0) say(`dkms builds the ${names.length} without modules for ${release}`);
    const answers = await buildByDkms(release, names);
    for (const cell of cells) {
      outcomes.push(await toOutcome(cell, answers.get(packageOf(cell.kmod).name)));
    }
  }
  return outcomes;
}

async function toOutcome(cell: CellStatus, dkms: DkmsAnswer | undefined): Promise<CorpusOutcome> {
  const { kmod, release, state, outcome } = cell;
  const seconds = secondsOf(outcome);
  return {
    kmod,
    release,
    state,
    ...(seconds === undefined ? {} : { seconds }),
    ...(dkms ? { trouble: { explanation: await explain(cell), dkms } } : {}),
  };
}

function packageOf(kmod: string): DkmsPackage {
  const found = packages.find((one) => one.kmod === kmod);
  if (!found) throw new Error(`BUG: no package became the kmod "${kmod}"`);
  return found;
}

async function explain({ kmod, release }: CellStatus): Promise<Explanation> {
  const { stdout } = await world.rekmod('why', kmod, release, '--json');
  const [explanation]: readonly Explanation[] = JSON.parse(stdout);
  if (!explanation) throw new Error(`BUG: rekmod why says nothing of ${kmod} on ${release}`);
  return explanation;
}

function secondsOf(outcome: CellOutcome | undefined): number | undefined {
  if (outcome?.kind === 'published') return outcome.build.durationMs / 1000;
  return outcome?.kind === 'failed' ? outcome.durationMs / 1000 : undefined;
}

async function report(outcomes: readonly CorpusOutcome[]): Promise<void> {
  const rollouts = await measureRollouts(world.temporalAddress, STREAM, releases);
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ outcomes, rollouts }, undefined, 1)}\n`);
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const parts = [
    describeOutcomes(outcomes, releases),
    describeTroubles(outcomes),
    describeRollouts(rollouts),
    `wall time: ${seconds} s`,
  ];
  console.log(parts.filter((part) => part !== '').join('\n\n'));
  console.log(describeSummary(summarize(outcomes)));
  process.exitCode = isGood(outcomes, releases) ? 0 : 1;
}

function say(sentence: string): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`[${seconds} s] ${sentence}\n`);
}
