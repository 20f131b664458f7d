import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { isScratchInUse, withScratch } from '../../activities/scratch.ts';
import { reapBuildroots, reapRuns } from '../../activities/upkeep/reap-builders.ts';
import {
  findMountsBelow,
  reapScratch,
  reapTemporary,
} from '../../activities/upkeep/reap-scratch.ts';
import { nameRun } from '../../activities/upkeep/running-workflows.ts';
import type { BuildBackend, Labels } from '../../containers/backend.ts';
import type { BuildrootUse } from '../../containers/buildroot-uses.ts';
import { makeScratch } from '../support/scratch.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DIGEST = 'ab'.repeat(32);
const USE: BuildrootUse = { digest: DIGEST, id: 'sha256:1', kernel: 'lab/6.1', token: 't' };

/** A backend that has what a test gives it. */
function backendOf(runs: Readonly<Record<string, Labels>>, buildroots: readonly BuildrootUse[]) {
  const removed: string[] = [];
  const backend: BuildBackend = {
    prepare: () => Promise.reject(new Error('BUG: not here')),
    build: () => Promise.reject(new Error('BUG: not here')),
    removeLeftovers: async () => 0,
    listRuns: async () => Object.entries(runs).map(([id, labels]) => ({ id, labels })),
    removeRun: async (id) => removed.push(id) > 0,
    listBuildroots: async () => buildroots,
    removeBuildroot: async ({ digest }) => {
      removed.push(digest);
      return { freedBytes: 5 };
    },
  };
  return { backend, removed };
}

function readingAt(uptimeMs: number) {
  return { bootId: 'a', uptimeMs, wallMs: 0 };
}

test('reapRuns() ends what ended runs left, and nothing of a run that goes on or of a person', async () => {
  const { backend, removed } = backendOf(
    {
      ended: { workflow: 'rebuild/jool/lab/6.1', run: 'old', cell: 'lab/6.1/jool' },
      running: { workflow: 'rebuild/jool/lab/6.1', run: 'new' },
      person: { reproduction: 'lab/6.1/jool' },
    },
    [],
  );
  const running = { runs: new Set([nameRun('rebuild/jool/lab/6.1', 'new')]) };

  const told = await reapRuns(backend, 'home', { running, isDryRun: true });
  assert.deepEqual(removed, []);
  const done = await reapRuns(backend, 'home', { running, isDryRun: false });

  assert.deepEqual(removed, ['ended']);
  assert.deepEqual(done, told);
  assert.deepEqual(done.names, ['lab/6.1/jool']);
});

test('reapBuildroots() gives those of kept kernels longer, and begins anew with each use', async () => {
  await using scratch = await makeScratch();
  let use = USE;
  async function reap(hours: number, kept: readonly string[]): Promise<number> {
    const { backend } = backendOf({}, [use]);
    const removal = await reapBuildroots(backend, 'home', {
      look: {
        file: scratch.at('buildroots.json'),
        reading: readingAt(hours * HOUR_MS),
        isDryRun: false,
      },
      keptKernels: new Set(kept),
      unusedMs: 14 * DAY_MS,
      graceMs: DAY_MS,
    });
    return removal.count;
  }

  assert.equal(await reap(0, ['lab/6.1']), 0);
  assert.equal(await reap(48, ['lab/6.1']), 0);
  use = { ...USE, token: 'used' };
  assert.equal(await reap(49, []), 0);
  assert.equal(await reap(60, []), 0);
  assert.equal(await reap(80, []), 1);
});

test('reapScratch() removes what belongs to nobody, and nothing that work still has', async () => {
  await using scratch = await makeScratch();
  const data = { scratch: scratch.at('scratch') };
  await mkdir(scratch.at('scratch', 'dead', 'below'), { recursive: true });
  await writeFile(scratch.at('scratch', 'dead', 'below', 'file'), 'x');
  const reap = async (hours: number) =>
    await reapScratch(data.scratch, {
      file: scratch.at('scratch.json'),
      reading: readingAt(hours * HOUR_MS),
      graceMs: () => HOUR_MS,
      isDryRun: false,
    });

  await withScratch(data, 'live', async (directory) => {
    assert.ok(isScratchInUse(directory));
    await reap(0);
    assert.deepEqual((await reap(2)).names, ['dead']);
    assert.deepEqual(await readdir(data.scratch), [directory.slice(data.scratch.length + 1)]);
  });
  assert.deepEqual(await readdir(data.scratch), []);
});

test('reapScratch() unmounts what is mounted below, and removes it then', async (context) => {
  await using scratch = await makeScratch();
  const run = promisify(execFile);
  const point = scratch.at('scratch', 'dead', 'a root');
  await mkdir(point, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', point]);
  } catch (error) {
    context.skip(`cannot mount here: ${String(error)}`);
    return;
  }
  await writeFile(`${point}/held`, 'x');
  const look = { file: scratch.at('scratch.json'), graceMs: () => 0, isDryRun: false };

  await reapScratch(scratch.at('scratch'), { ...look, reading: readingAt(0) });
  await reapScratch(scratch.at('scratch'), { ...look, reading: readingAt(HOUR_MS) });

  assert.deepEqual(await readdir(scratch.at('scratch')), []);
});

test('reapTemporary() removes what has a name of ours and nobody uses, and nothing else', async () => {
  await using scratch = await makeScratch();
  const names = ['rekmod-gpgv-AbCdEf', 'rekmod-test-AbCdEf', 'rekmod-gpgv-other', 'rekmod-cms-x'];
  for (const name of names) await mkdir(scratch.at('tmp', name), { recursive: true });
  const look = { file: scratch.at('temporary.json'), graceMs: () => HOUR_MS, isDryRun: false };

  await reapTemporary(scratch.at('tmp'), { ...look, reading: readingAt(0) });
  const removal = await reapTemporary(scratch.at('tmp'), { ...look, reading: readingAt(HOUR_MS) });

  assert.deepEqual(removal.names, ['rekmod-gpgv-AbCdEf']);
  assert.deepEqual(await readdir(scratch.at('tmp')), names.slice(1).sort());
});

test('findMountsBelow() finds mounts on and below a directory alone, the deepest first', () => {
  const mountinfo = [
    '36 35 98:0 / /scratch/build-1 rw - tmpfs tmpfs rw',
    '37 36 98:0 / /scratch/build-1/a\\040root/proc rw - proc proc rw',
    '38 35 98:0 / /scratch/build-10 rw - tmpfs tmpfs rw',
    '39 35 98:0 / / rw - ext4 /dev/sda rw',
    '',
  ].join('\n');

  assert.deepEqual(findMountsBelow(mountinfo, '/scratch/build-1'), [
    '/scratch/build-1/a root/proc',
    '/scratch/build-1',
  ]);
});
