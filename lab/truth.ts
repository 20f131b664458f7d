import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ProgramFailedError } from '../model/activity-errors.ts';
import { type Lab, readLab } from './read-lab.ts';
import { type BuildPlan, buildKernel } from './truth/build-kernel.ts';
import { fetchNewerTrees } from './truth/builds.ts';
import { openExaminer } from './truth/examine.ts';
import { makeForecasts, type TriedKernel } from './truth/forecasts.ts';
import { inParallel } from './truth/in-parallel.ts';
import { listKernels } from './truth/kernels.ts';
import { openLoader } from './truth/loader.ts';
import type { Pair } from './truth/pair.ts';
import { openMemory, truthDirectory } from './truth/remember.ts';
import {
  describeAgreements,
  describeCases,
  describeClasses,
  describeForecasts,
  describeMatrix,
  describeUnexplained,
  toJson,
} from './truth/report.ts';
import { comparePairs, describeSummary, summarize } from './truth/summary.ts';

// Compares rekmod's verdicts with the truth: every build of the lab's kmods on every kernel that the
// archive has, by the kernel's own loader in QEMU, by depmod, and by what weak-modules would decide.

/** There are two processors. */
const WIDTH = 2;
const KERNELS_OF_SERIES = 6;
const QUICK_FAMILY = 'tp-smapi';

const { values } = parseArgs({
  options: {
    kernels: { type: 'string' },
    quick: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

const startedAt = performance.now();
const lab = await readLab();
if (!lab) throw new Error('the lab is not made: run lab/make-lab.sh');
const releases = await chooseReleases(lab);
const plan = await planBuilds(lab);
const kernels = await inParallel(releases, WIDTH, async (release) => {
  const tried = await buildKernel(release, plan);
  say(`${release}: ${tried.builds.length} kmods built, ${tried.failed.length} do not compile`);
  return tried;
});
const pairs = await examineAll(kernels);
await report(kernels, pairs);

async function chooseReleases({ kernels: known }: Lab): Promise<readonly string[]> {
  if (values.kernels !== undefined) return values.kernels.split(',');
  if (!values.quick) return await listKernels(KERNELS_OF_SERIES);
  // A repackaged kernel calls itself by another name than its modules do.
  return known.filter(({ repackaged }) => !repackaged).map(({ release }) => release);
}

async function planBuilds(made: Lab): Promise<BuildPlan> {
  const isWanted = ({ name, kind }: Lab['kmods'][number]): boolean =>
    !values.quick || kind === 'quick' || name === QUICK_FAMILY;
  const kmods = made.kmods.filter(isWanted);
  return { lab: made, kmods, newer: values.quick ? [] : await findNewerSources(kmods) };
}

/** A mirror may have the machine's own suite alone: then kmods that do not compile are left out. */
async function findNewerSources(kmods: Lab['kmods']): Promise<BuildPlan['newer']> {
  try {
    return await fetchNewerTrees(kmods);
  } catch (error) {
    if (!(error instanceof ProgramFailedError)) throw error;
    say(`there are no newer sources: ${error.message}`);
    return [];
  }
}

async function examineAll(tried: readonly TriedKernel[]): Promise<readonly Pair[]> {
  const memory = openMemory({ isFresh: values.fresh });
  const loader = await openLoader(memory, new AbortController().signal);
  await mkdir(truthDirectory(), { recursive: true });
  const scratch = await mkdtemp(join(tmpdir(), 'rekmod-truth-'));
  try {
    const examiner = await openExaminer({ memory, loader, scratch });
    const work = tried.flatMap((home) => tried.map(({ kernel }) => ({ home, kernel })));
    let doneCount = 0;
    const found = await inParallel(work, WIDTH, async ({ home, kernel }) => {
      const some = await examiner.examine(home, kernel);
      doneCount += 1;
      say(
        `${doneCount} of ${work.length}: builds for ${home.kernel.release} on ${kernel.release}, ${some.length} pairs`,
      );
      return some;
    });
    say(
      `${loader.counts.groups} groups of modules, ${loader.counts.boots} boots now; ` +
        `${memory.counts.found} results were recorded before, ${memory.counts.made} are new`,
    );
    return found.flat();
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function report(tried: readonly TriedKernel[], found: readonly Pair[]): Promise<void> {
  const compared = comparePairs(found);
  const forecasts = makeForecasts(tried);
  const summary = summarize(compared);
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify(toJson(compared, forecasts, summary))}\n`);
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const parts = [
    describeMatrix(found),
    describeAgreements(found),
    describeCases(found),
    describeClasses(compared),
    describeForecasts(forecasts),
    describeUnexplained(compared),
    `kernels: ${releases.join(' ')}; ${seconds} s`,
  ];
  console.log(parts.filter((part) => part !== '').join('\n\n'));
  console.log(describeSummary(summary));
  process.exitCode = summary.falseKeep === 0 && summary.unexplained === 0 ? 0 : 1;
}

function say(sentence: string): void {
  process.stderr.write(`==> ${sentence}\n`);
}
