import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { runProgram } from '../../activities/run-program.ts';
import { mirrorSnapshot } from '../../activities/snapshot/mirror-snapshot.ts';
import { ProgramFailedError } from '../../model/activity-errors.ts';
import type { Mirror } from '../../model/settings.ts';
import { findFreePort } from '../support/http-rig.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const { signal } = new AbortController();
const skip = (program: string) => ({
  skip: spawnSync(program, ['--version']).error ? `no ${program}` : false,
});

/** Two snapshots as the publisher writes them: the second has what the first served, and its own. */
const FIRST = ['Packages/a.rpm', 'repodata/1-primary.xml.gz', 'rekmod-kmods.repo'];
const SECOND = [...FIRST, 'Packages/b.rpm', 'repodata/2-primary.xml.gz'];
/** The grace is over. */
const THIRD = SECOND.filter((name) => !/a\.rpm|1-primary/.test(name));

async function makeSnapshot(
  scratch: Scratch,
  name: string,
  files: readonly string[],
): Promise<string> {
  const own = ['.packages.json', 'repodata/repomd.xml', 'repodata/repomd.xml.asc'];
  for (const file of [...files, ...own]) {
    const path = scratch.at(name, file);
    await mkdir(dirname(path), { recursive: true });
    // Of one size and time in all snapshots.
    await writeFile(path, own.includes(file) ? name : file);
  }
  return scratch.at(name);
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((name) => !name.includes('repomd.xml'))
    .sort();
}

async function assertMirrors(scratch: Scratch, mirror: Mirror, target: string): Promise<void> {
  for (const [name, files] of [
    ['one', FIRST],
    ['two', SECOND],
    ['six', THIRD],
  ] as const) {
    await mirrorSnapshot(await makeSnapshot(scratch, name, files), mirror, signal);

    assert.deepEqual(await listFiles(target), files.toSorted(), name);
    for (const entry of ['repomd.xml', 'repomd.xml.asc']) {
      assert.equal(await readFile(join(target, 'repodata', entry), 'utf8'), name);
    }
  }
}

test('mirrorSnapshot() brings each snapshot to a path by rsync', skip('rsync'), async () => {
  await using scratch = await makeScratch();
  const target = scratch.at('mirror');

  await assertMirrors(scratch, { by: 'rsync', target }, target);
});

async function waitForDaemon(port: number): Promise<void> {
  for (;;) {
    const { exitCode } = await runProgram(['rsync', `rsync://127.0.0.1:${port}/`], {
      okCodes: [0, 10],
    });
    if (exitCode === 0) return;
    await delay(50);
  }
}

test('mirrorSnapshot() brings each snapshot to an rsync server', skip('rsync'), async () => {
  await using scratch = await makeScratch();
  const port = await findFreePort();
  const target = scratch.at('mirror');
  await mkdir(target);
  const config = scratch.at('rsyncd.conf');
  const own = `use chroot = no\nuid = ${process.getuid?.() ?? 0}\ngid = ${process.getgid?.() ?? 0}\n`;
  await writeFile(config, `${own}[kmods]\npath = ${target}\nread only = no\n`);
  const argv = ['--daemon', '--no-detach', '--address=127.0.0.1', `--port=${port}`];
  const server = spawn('rsync', [...argv, `--config=${config}`], { stdio: 'ignore' });
  try {
    await waitForDaemon(port);
    const mirror = { by: 'rsync', target: `rsync://127.0.0.1:${port}/kmods` } as const;
    await assertMirrors(scratch, mirror, target);
  } finally {
    server.kill();
    await once(server, 'close');
  }
});

test('mirrorSnapshot() brings each snapshot to a remote of rclone', skip('rclone'), async () => {
  await using scratch = await makeScratch();
  const target = scratch.at('mirror');
  await mkdir(scratch.at('.config', 'rclone'), { recursive: true });
  const remote = `[kmods]\ntype = alias\nremote = ${target}\n`;
  await writeFile(scratch.at('.config', 'rclone', 'rclone.conf'), remote);
  const { HOME } = process.env;
  process.env.HOME = scratch.path;
  try {
    await assertMirrors(scratch, { by: 'rclone', target: 'kmods:' }, target);
  } finally {
    process.env.HOME = HOME;
  }
});

test(
  'mirrorSnapshot() cut short before repomd.xml has added all and deleted nothing',
  skip('rsync'),
  async () => {
    await using scratch = await makeScratch();
    const mirror: Mirror = { by: 'rsync', target: scratch.at('mirror') };
    await mirrorSnapshot(await makeSnapshot(scratch, 'one', FIRST), mirror, signal);
    const entry = scratch.at('mirror', 'repodata', 'repomd.xml');
    await rm(entry);
    await mkdir(join(entry, 'in-the-way'), { recursive: true });
    const next = [...THIRD, 'Packages/c.rpm'];

    const path = await makeSnapshot(scratch, 'six', next);
    await assert.rejects(mirrorSnapshot(path, mirror, signal), ProgramFailedError);

    const expected = [...new Set([...FIRST, ...next])].sort();
    assert.deepEqual(await listFiles(scratch.at('mirror')), expected);
    await rm(entry, { recursive: true });
    await mirrorSnapshot(path, mirror, signal);
    assert.deepEqual(await listFiles(scratch.at('mirror')), next.toSorted());
  },
);

for (const by of ['rsync', 'rclone'] as const) {
  test(`mirrorSnapshot() by ${by} says that a target cannot be written`, skip(by), async () => {
    await using scratch = await makeScratch();
    const path = await makeSnapshot(scratch, 'one', FIRST);
    const target = by === 'rsync' ? scratch.at('no', 'such', 'place') : 'nowhere:kmods';

    await assert.rejects(mirrorSnapshot(path, { by, target }, signal), ProgramFailedError);

    await rm(path, { recursive: true });
  });
}
