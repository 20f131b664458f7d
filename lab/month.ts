import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeGrowth } from './month/describe-growth.ts';
import { GROWTH_BOUNDS } from './month/growth-bounds.ts';
import { isGrowthJudged, judgeGrowth } from './month/judge-growth.ts';
import { liveThrough } from './month/run-month.ts';
import { writeMonth } from './month/write-month.ts';
import { say } from './narrate.ts';
import { removeWorld } from './world.ts';

// Simulated days with a scripted upstream: nothing is lost, nothing grows, nothing is skipped without a word.
// Ends with 0 only if all of that is true. With --minutes, no day begins after so many; fewer days are a fault as well.

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    polls: { type: 'string', default: '12' },
    minutes: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const days = Number(values.days);
const endsAt = Date.now() + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
const script = writeMonth({
  ...{ days, seed: Number(values.seed), pollsADay: Number(values.polls) },
});
const directory = await mkdtemp(join(tmpdir(), 'rekmod-month-'));
try {
  const lived = await liveThrough(script, { directory, say, hasTime: () => Date.now() < endsAt });
  const growth = judgeGrowth(lived.samples, GROWTH_BOUNDS);
  const tooMuch = growth.filter(({ isTooMuch }) => isTooMuch);
  console.log(`\n${describeGrowth(growth)}\n`);
  for (const line of lived.skipped) console.log(`skipped: ${line}`);
  for (const line of lived.held) console.log(`held: ${line}`);
  for (const line of lived.missed) console.log(`missed: ${line}`);
  for (const line of lived.unexplained) console.log(`unexplained: ${line}`);
  for (const line of [...lived.viewViolations, ...lived.wrongBuilds]) console.log(`wrong: ${line}`);
  const wrongCount = lived.viewViolations.length + lived.wrongBuilds.length;
  console.log(`clients looked ${lived.viewCount} times, builds: ${lived.buildCount}`);
  const growthText = isGrowthJudged(lived.samples)
    ? tooMuch.map(({ bound }) => bound.what).join(', ') || 'none'
    : 'not judged, too few days';
  console.log(
    `days: ${lived.dayCount} of ${days}, polls: ${lived.lookCount}, kernels: ${lived.kernelCount}, missed: ${lived.missed.length}, unexplained: ${lived.unexplained.length}, wrong: ${wrongCount}, growth: ${growthText}`,
  );
  const faults =
    [lived.missed, lived.unexplained, tooMuch].flat().length + wrongCount + days - lived.dayCount;
  process.exitCode = faults === 0 ? 0 : 1;
} finally {
  if (values.keep) console.log(`kept: ${directory}`);
  else await removeWorld(directory);
}
