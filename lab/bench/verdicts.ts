import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { openContentStore } from '../../activities/content-store.ts';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { cacheDirectory, readLab } from '../read-lab.ts';
import { describeFigures, median } from './figures.ts';
import { makeVerdictInputs } from './verdict-inputs.ts';

// Measures in one run, in turn, what judging costs from stored inputs, in a fresh process each time:
// against `depmod -naeE` for the same modules, and against sort and comm for two symvers files.

const KMOD_COUNT = 300;
const KERNEL_COUNT = 50;
const { values } = parseArgs({ options: { reps: { type: 'string', default: '7' } } });
const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

interface Judged {
  readonly totalMs: number;
  readonly perKernelMs: readonly number[];
  readonly peakMegabytes: number;
  readonly counts: Readonly<Record<string, number>>;
}

const lab = await readLab();
if (!lab) throw new Error('the lab is not made: run lab/make-lab.sh');
const [donor = '', kernel = ''] = lab.kernels.map(({ release }) => release);
const inputs = await makeVerdictInputs(donor, kernel, KMOD_COUNT);
const symversPath = (release: string) =>
  join(cacheDirectory(), 'lab', 'kernels', release, 'Module.symvers');
const store = openContentStore(layOutDataDirectory(inputs.home).store);
console.log(
  `\n${KMOD_COUNT} kmods built for ${donor}, ${Math.round(inputs.importCount / KMOD_COUNT)} imports each`,
);
for (const release of [kernel, donor]) await measureOneKernel(release);
await measureManyKernels();
await measureDelta();

async function measureOneKernel(release: string): Promise<void> {
  const stored = await addSymvers(await readFile(symversPath(release), 'utf8'));
  const judged: Judged[] = [];
  const depmod: number[] = [];
  for (let rep = 0; rep < Number(values.reps); rep += 1) {
    depmod.push(await timeDepmod(release));
    judged.push(await judge([stored]));
  }
  const totals = judged.map(({ totalMs }) => totalMs);
  const title = release === donor ? 'the kABI they were built for' : 'another kABI';
  console.log(`
one kernel, ${title} (${release}): ${JSON.stringify(judged[0]?.counts)}
rekmod ms (Node's start apart)   ${describeFigures(totals, 0)}
depmod -naeE ms                  ${describeFigures(depmod, 0)}
rekmod / depmod                  ${describeFigures(
    totals.map((ms, index) => ms / (depmod[index] ?? 1)),
    2,
  )}   (aim: at most 1)
memory MB                        ${describeFigures(
    judged.map(({ peakMegabytes }) => peakMegabytes),
    0,
  )}   (aim: under 150)`);
}

/** Real kernels of all series in turn; where they are not enough, with a mark that changes nothing else. */
async function measureManyKernels(): Promise<void> {
  const directory = join(cacheDirectory(), 'lab', 'symvers');
  const names = (await readdir(directory)).sort();
  const files: string[] = [];
  for (let number = 0; number < KERNEL_COUNT; number += 1) {
    const text = await readFile(join(directory, names[number % names.length] ?? ''), 'utf8');
    const mark = `0x${(number + 1).toString(16).padStart(8, '0')}\tbench_mark\tvmlinux\tEXPORT_SYMBOL\t\n`;
    files.push(await addSymvers(text + mark));
  }
  const { totalMs, perKernelMs, peakMegabytes, counts } = await judge(files);
  const [firstMs = Number.NaN, ...furtherMs] = perKernelMs;
  console.log(`
${KERNEL_COUNT} kernels (${names.length} real ones in turn): ${JSON.stringify(counts)}
all of them ms                   ${totalMs.toFixed(0)}
the first kernel ms              ${firstMs.toFixed(0)}
each further kernel ms           ${describeFigures(furtherMs, 0)}
memory MB                        ${peakMegabytes.toFixed(0)}`);
}

async function measureDelta(): Promise<void> {
  const [before, after] = [symversPath(donor), symversPath(kernel)];
  const script = 'comm -3 <(sort "$1") <(sort "$2") | wc -l';
  const rows: { comm: number; diff: number; parse: number }[] = [];
  for (let rep = 0; rep < Number(values.reps); rep += 1) {
    const startedAt = performance.now();
    await run('bash', ['-c', script, 'bash', before, after], {
      env: { ...process.env, LC_ALL: 'C' },
    });
    const comm = performance.now() - startedAt;
    const diff: { totalMs: number; firstParseMs: number } = JSON.parse(
      await runNode('diff-stored.ts', [before, after]),
    );
    rows.push({ comm, diff: diff.totalMs, parse: diff.firstParseMs });
  }
  console.log(`
two symvers files, parsed and compared
rekmod ms (Node's start apart)   ${describeFigures(
    rows.map(({ diff }) => diff),
    0,
  )}   the first file parsed: ${median(rows.map(({ parse }) => parse)).toFixed(0)}
sort | comm ms                   ${describeFigures(
    rows.map(({ comm }) => comm),
    0,
  )}`);
}

async function addSymvers(text: string): Promise<string> {
  const { sha256, sizeBytes } = await store.addText(text);
  return `${sha256}:${sizeBytes}`;
}

async function judge(files: readonly string[]): Promise<Judged> {
  return JSON.parse(await runNode('judge-stored.ts', [inputs.home, donor, ...files]));
}

async function timeDepmod(release: string): Promise<number> {
  const startedAt = performance.now();
  await run('/sbin/depmod', ['-naeE', symversPath(release), '-b', inputs.sandbox, release], {
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return performance.now() - startedAt;
}

async function runNode(script: string, args: readonly string[]): Promise<string> {
  const path = join(import.meta.dirname, script);
  const { stdout } = await run(process.execPath, ['--import', 'tsx', path, ...args]);
  return stdout;
}
