import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runProgram } from '../../activities/run-program.ts';
import { cacheDirectory, type Lab, type LabKmod } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import type { StatusReport } from '../../model/status.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';

// One world, one story: the tests below build on each other in their order.

const BUILD_TIMEOUT_MS = 400_000;
const lab: Lab = await requireLab();
const first = releaseOf(lab, 'first');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-sources-'));
const repository = join(directory, 'git');
let world: World;

async function git(...args: readonly string[]): Promise<void> {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
  await runProgram(['git', '-C', repository, ...identity, ...args]);
}

/** A git repository with spec and sources of a kmod of the lab. */
async function makeGit(kmod: LabKmod): Promise<string> {
  await mkdir(join(repository, 'packaging'), { recursive: true });
  await git('init', '--quiet', '--initial-branch=main');
  for (const name of await readdir(kmod.sourceDirectory)) {
    await copyFile(join(kmod.sourceDirectory, name), join(repository, 'packaging', name));
  }
  await git('add', '-A');
  await git('commit', '--quiet', '-m', 'first');
  return pathToFileURL(repository).href;
}

/** A source package of a kmod of the lab. */
async function makeSourceRpm(kmod: LabKmod): Promise<string> {
  const top = join(directory, 'rpm', kmod.name);
  const macros = [
    `_topdir ${top}`,
    `_sourcedir ${kmod.sourceDirectory}`,
    `kernel_version ${first}`,
  ];
  const defines = macros.flatMap((macro) => ['--define', macro]);
  await runProgram(['rpmbuild', '-bs', ...defines, kmod.spec]);
  const [name = ''] = await readdir(join(top, 'SRPMS'));
  return join(top, 'SRPMS', name);
}

/** A Debian package of the lab's cache. */
async function findDeb(name: string): Promise<string> {
  const folder = join(cacheDirectory(), 'lab', 'debs');
  const found = (await readdir(folder)).find((file) => file.startsWith(`${name}_`));
  if (found === undefined) throw new Error(`the lab has no deb of ${name}`);
  return join(folder, found);
}

/** A DKMS source that no kernel can have, by an option that none has. */
async function makeForeignSource(): Promise<string> {
  const folder = join(directory, 'foreign');
  await mkdir(folder);
  const lines = ['PACKAGE_NAME=foreign', 'PACKAGE_VERSION=1', 'BUILT_MODULE_NAME=foreign'];
  await writeFile(
    join(folder, 'dkms.conf'),
    `${lines.join('\n')}\nDEST_MODULE_LOCATION=/extra\nBUILD_EXCLUSIVE_CONFIG=CONFIG_OF_ANOTHER_PLANET\n`,
  );
  return folder;
}

function stateOf(report: StatusReport, kmod: string): string | undefined {
  return report.cells.find((cell) => cell.kmod === kmod && cell.release === first)?.state;
}

async function listRpms(): Promise<readonly string[]> {
  return (await readdir(join(world.home, 'repositories', 'kmods', 'current', 'Packages'))).sort();
}

before(async () => {
  const [tracked, packed, served] = takeKmods(lab, 'tp-smapi', 'nat-rtsp', 'dm-writeboost');
  if (!tracked || !packed || !served) throw new Error('the lab has too few kmods');
  const rpm = await makeSourceRpm(packed);
  const sha256 = createHash('sha256')
    .update(await readFile(rpm))
    .digest('hex');
  await makeSourceRpm(served);
  const mirror = join(directory, 'rpm', served.name, 'SRPMS');
  await runProgram(['createrepo_c', '--quiet', mirror]);
  world = await World.create(lab, {
    directory,
    released: [first],
    kmods: [],
    moreKmods: {
      tracked: `git: { url: '${await makeGit(tracked)}', branch: main }`,
      packed: `url: '${pathToFileURL(rpm).href}', sha256: ${sha256}`,
      served: `repository: { url: '${pathToFileURL(mirror).href}', package: kmod-dm-writeboost }`,
      converted: `dkms: '${await findDeb('acpi-call-dkms')}'`,
      evaluated: `dkms: '${await findDeb('v4l2loopback-dkms')}'`,
      foreign: `dkms: ${await makeForeignSource()}`,
    },
  });
  await world.up();
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
});

test('kmods from git, a repository, a download and DKMS packages are built', async () => {
  const open = ['unknown', 'waiting', 'running'];
  const report = await world.waitFor(
    'the first kernel',
    ({ cells }) => cells.length === 6 && cells.every(({ state }) => !open.includes(state)),
    BUILD_TIMEOUT_MS,
  );

  for (const kmod of ['tracked', 'packed', 'served', 'converted', 'evaluated']) {
    const { stdout: why } = await world.rekmod('why', kmod, first);
    assert.equal(stateOf(report, kmod), 'built', why);
  }
  assert.equal(stateOf(report, 'foreign'), 'excluded');
  const { stdout } = await world.rekmod('why', 'foreign', first);
  assert.match(stdout.replaceAll(/\s+/g, ' '), /BUILD_EXCLUSIVE_CONFIG="CONFIG_OF_ANOTHER_PLANET"/);
});

test('a build that gives what is published is not published again', async () => {
  const before = await listRpms();

  const { stdout, exitCode, stderr } = await world.rekmod(
    'rebuild',
    'converted',
    '--force',
    '--json',
  );

  assert.equal(exitCode, 0, stderr);
  const [{ outcome }] = JSON.parse(stdout);
  assert.deepEqual([outcome.kind, outcome.isUnchanged], ['published', true]);
  assert.deepEqual(await listRpms(), before);
  const { stdout: why } = await world.rekmod('why', 'converted', first);
  assert.match(why.replaceAll(/\s+/g, ' '), /gave exactly what is published already/);
});

test('a commit is noticed, and one that changes nothing is built once and not published', async () => {
  const before = await listRpms();
  await appendFile(join(repository, 'packaging', 'tp-smapi-kmod.spec'), '# A comment.\n');
  await git('commit', '--quiet', '-am', 'second');
  // A look at a branch is good for some seconds.
  await new Promise((resolve) => setTimeout(resolve, 16_000));

  const rebuilt = await world.rekmod('rebuild', 'tracked', '--json');
  const again = await world.rekmod('rebuild', 'tracked', '--json');

  const [{ verdict, outcome }] = JSON.parse(rebuilt.stdout);
  assert.deepEqual(
    [verdict.why, outcome.kind, outcome.isUnchanged],
    ['source-changed', 'published', true],
  );
  assert.deepEqual(await listRpms(), before);
  assert.equal(JSON.parse(again.stdout)[0].verdict.kind, 'keep');
});
