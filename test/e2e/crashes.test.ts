import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openContentStore } from '../../activities/content-store.ts';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { locateProvenance } from '../../activities/provenance/statement-names.ts';
import { closeSigningKey, openSigningKey, type SigningKey } from '../../activities/signing-key.ts';
import type { PublishedPackage } from '../../activities/snapshot/decide-publication.ts';
import { queryByDnf } from '../../lab/query-by-dnf.ts';
import { makeTinyRpms } from '../../lab/tiny-rpms.ts';
import { type PublishOnce, publishOnce } from '../support/publish-once.ts';
import { makeScratch } from '../support/scratch.ts';

// A publisher that is killed at any step of a publication leaves the old snapshot served or the new one,
// whole, and the next run completes. The steps are counted in a run that nobody kills, so new ones are
// among them: REKMOD_EVERY=1 kills at each, else a spread of them is taken.

const SPREAD = 24;
const DAY_MS = 24 * 60 * 60_000;
const START = Date.parse('2026-11-23T12:00:00.000Z');
const CELL = { stream: 'lab', release: '6.1.0-1', kmod: 'tiny' };
const program = fileURLToPath(new URL('../support/publish-once.ts', import.meta.url));
const scratch = await makeScratch();
const template = scratch.at('template');
let key: SigningKey;
let newest: PublishedPackage;
let steps: readonly string[];

before(async () => {
  key = await openSigningKey({}, layOutDataDirectory(scratch.at('keys')));
  // Three builds of a kmod on three days: the fourth supersedes one, ends the grace of files that
  // linger, and lets go of a snapshot.
  for (const [day, number] of [1, 2, 3].entries()) {
    await publishOnce(taskOf(template, await store(number), day), key);
  }
  newest = await store(4);
  const home = await copyTemplate('counted');
  const stepsFile = scratch.at('steps.json');
  await runKilled({ ...taskOf(home, newest, 3), stepsFile });
  steps = JSON.parse(await readFile(stepsFile, 'utf8'));
});

after(async () => {
  await closeSigningKey(key);
  await scratch[Symbol.asyncDispose]();
});

/** A build of the kmod, signed as far as metadata goes, in the template's store. */
async function store(number: number): Promise<PublishedPackage> {
  const [rpm] = await makeTinyRpms(scratch.at('rpms'), { count: 1, release: `1.b${number}` });
  assert.ok(rpm);
  const { path, fileName, nevra } = rpm;
  const content = openContentStore(layOutDataDirectory(template).store);
  const provenance = {
    statement: await content.addText(`about ${fileName}`),
    signature: await content.addText(`signature of ${fileName}`),
  };
  return { fileName, nevra, cell: CELL, provenance, ...(await content.addFile(path)) };
}

function taskOf(home: string, file: PublishedPackage, day: number) {
  const { gnupgHome } = key;
  return {
    home,
    gnupgHome,
    packages: [file],
    now: new Date(START + day * 2 * DAY_MS).toISOString(),
  };
}

async function copyTemplate(name: string): Promise<string> {
  const home = scratch.at(name);
  await mkdir(home);
  await cp(template, home, { recursive: true, verbatimSymlinks: true });
  return home;
}

/** @returns The signal that ended it, null if it came to its end. */
async function runKilled(task: Omit<PublishOnce, 'stepsFile'> & { stepsFile?: string }) {
  const given: PublishOnce = { stepsFile: join(task.home, 'steps.json'), ...task };
  const argv = ['--import', import.meta.resolve('tsx'), program, JSON.stringify(given)];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const [exitCode, signal]: (number | NodeJS.Signals | null)[] = await once(child, 'close');
  assert.ok(exitCode === 0 || signal === 'SIGKILL', said);
  return signal;
}

/** What a client gets that has never asked, with repo_gpgcheck: its link, and the packages that dnf finds. */
async function askClient(home: string) {
  const directory = join(layOutDataDirectory(home).repositories, 'kmods');
  const link = await readlink(join(directory, 'current'));
  const client = `${home}-client`;
  // What dnf has read once it may believe for two days.
  await rm(client, { recursive: true, force: true });
  const found = await queryByDnf(join(directory, 'current'), key.publicKeyFile, client);
  // What is served has its statement beside it.
  const { statement, signature } = locateProvenance(`${found[0]}.rpm`);
  const served = await readdir(join(directory, 'current'), { recursive: true });
  for (const path of [statement, signature]) assert.ok(served.includes(path), path);
  return { link, found };
}

function nameOf(number: number): string {
  return `kmod-tiny-00001-1-1.b${number}.noarch`;
}

/** Kills a publication, then looks as a client does, then lets the next run do its work. */
async function killAt(index: number): Promise<string | undefined> {
  const where = `killed at ${index}, ${steps[index]}`;
  const home = await copyTemplate(`killed-${index}`);
  try {
    const signal = await runKilled({ ...taskOf(home, newest, 3), killAt: index });
    assert.equal(signal, 'SIGKILL', where);
    const left = await askClient(home);
    const isNew = left.link.endsWith('000004');
    const number = isNew ? 4 : 3;
    assert.deepEqual(left, { link: `snapshots/00000${number}`, found: [nameOf(number)] }, where);

    await publishOnce(taskOf(home, newest, 3), key);

    const expected = { link: 'snapshots/000004', found: [nameOf(4)] };
    assert.deepEqual(await askClient(home), expected, where);
    await assertNoOrphans(home, where);
    return left.link;
  } finally {
    await rm(home, { recursive: true, force: true });
    await rm(`${home}-client`, { recursive: true, force: true });
  }
}

async function assertNoOrphans(home: string, where: string): Promise<void> {
  const data = layOutDataDirectory(home);
  const directory = join(data.repositories, 'kmods');
  assert.deepEqual((await readdir(directory)).sort(), ['current', 'snapshots'], where);
  const snapshots = await readdir(join(directory, 'snapshots'));
  assert.deepEqual(snapshots.sort(), ['000003', '000004'], where);
  const found = (await readdir(directory, { recursive: true })).filter((name) =>
    /\.tmp$|\.next$|\.repodata$/.test(name),
  );
  assert.deepEqual(found, [], where);
  assert.deepEqual(await readdir(join(data.store, 'incoming')).catch(() => []), [], where);
}

function chooseSteps(): readonly number[] {
  if (process.env.REKMOD_EVERY === '1') return steps.map((_, index) => index);
  const count = Math.min(SPREAD, steps.length);
  return Array.from({ length: count }, (_, index) =>
    Math.round((index * (steps.length - 1)) / (count - 1)),
  );
}

test('a publication has many steps, and each kind of them is counted', () => {
  const kinds = new Set(steps.map((step) => step.split(' ')[0]));

  assert.ok(steps.length >= 20, `${steps.length} steps`);
  for (const kind of ['linkSync', 'mkdir', 'open', 'rename', 'rm', 'spawn', 'running', 'symlink']) {
    assert.ok(kinds.has(kind), kind);
  }
});

test('kill -9 at each step leaves the old snapshot or the new one, and the next run completes', async () => {
  const waiting = [...chooseSteps()];
  const links: string[] = [];
  const work = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      links.push((await killAt(index)) ?? '');
    }
  };

  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));

  assert.ok(links.length >= 20, `${links.length} kills`);
  assert.deepEqual([...new Set(links)].sort(), ['snapshots/000003', 'snapshots/000004']);
});
