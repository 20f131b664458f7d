import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Lab, LabKmod } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import type { DriverDisk } from '../../model/driver-disk.ts';
import { makeKmod } from '../support/made-kmods.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';

// One world: a kernel that kmods are built for, and one that keeps them. Disks are read back with programs that
// know nothing of rekmod.

const BUILD_TIMEOUT_MS = 240_000;
const LIST_DRIVERS = fileURLToPath(new URL('../../lab/list-drivers.sh', import.meta.url));
const run = promisify(execFile);
const lab: Lab = await requireLab();
const first = releaseOf(lab, 'first');
const built = releaseOf(lab, 'changed');
const kept = releaseOf(lab, 'same');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-'));
let world: World;
let plain: LabKmod;

before(async () => {
  const made = join(directory, 'made');
  // Its package says nothing of what installers look for.
  plain = await makeKmod(made, 'plain', 'good');
  world = await World.create(lab, {
    directory,
    released: [built],
    kmods: [...takeKmods(lab, 'tp-smapi'), plain, await makeKmod(made, 'fails', 'compile-error')],
  });
  await world.up();
  await waitFor('tp-smapi', built, ['built']);
  await waitFor('plain', built, ['built']);
  await waitFor('fails', built, ['failed']);
  await world.release(kept);
  await waitFor('tp-smapi', kept, ['kept']);
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
});

async function waitFor(kmod: string, release: string, states: readonly string[]): Promise<void> {
  const what = `${kmod} ${release} ${states.join(' or ')}`;
  const isThere = (cell: { kmod: string; release: string; state: string }): boolean =>
    cell.kmod === kmod && cell.release === release && states.includes(cell.state);
  await world.waitFor(what, ({ cells }) => cells.some(isThere), BUILD_TIMEOUT_MS);
}

async function dud(...args: readonly string[]): Promise<DriverDisk> {
  const { exitCode, stdout, stderr } = await world.rekmod('dud', ...args, '--json');
  assert.equal(exitCode, 0, stderr);
  const disk: DriverDisk = JSON.parse(stdout);
  return disk;
}

async function readOut(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, [...args], { maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

/** Unpacks an image as root of a directory; the files of an image cannot be written to. */
async function unpackIso(image: string, name: string): Promise<string> {
  const root = join(directory, name);
  await run('xorriso', ['-osirrox', 'on', '-indev', image, '-extract', '/', root]);
  await run('chmod', ['-R', 'u+w', root]);
  return root;
}

const image = join(directory, 'tp-smapi.iso');

test('a disk for the kernel itself has the label, the mark and the published package', async () => {
  const disk = await dud('tp-smapi', '-k', built, '--output', image);
  const [{ packages = [] } = {}] = disk.kmods;
  const [fileName = ''] = packages;

  const paths = (await readOut('isoinfo', '-R', '-f', '-i', image)).trim().split('\n').sort();
  assert.match(await readOut('isoinfo', '-d', '-i', image), /^Volume id: OEMDRV$/m);
  assert.deepEqual(
    paths.filter((path) => disk.files.includes(path.slice(1))),
    disk.files.map((path) => `/${path}`),
  );
  assert.ok(paths.includes('/rpms/x86_64/repodata/repomd.xml'), paths.join('\n'));
  assert.deepEqual(
    disk.kmods.map(({ builtFor }) => builtFor),
    [built],
  );

  const root = await unpackIso(image, 'rhel');
  const mark = await readFile(join(root, 'rhdd3'));
  assert.equal(mark.toString('latin1'), 'Driver Update Disk version 3');
  const served = join(world.home, 'repositories', 'kmods', 'current', 'Packages', fileName);
  const onDisk = await readFile(join(root, 'rpms', 'x86_64', fileName));
  assert.ok(onDisk.equals(await readFile(served)), fileName);
});

test('an installer with that kernel or a newer one lists the package and gets its modules, an older one does not', async () => {
  const packages = join(directory, 'rhel', 'rpms', 'x86_64');
  const unpacked = join(directory, 'updates');
  await mkdir(unpacked);

  const listed = await readOut(LIST_DRIVERS, packages, built, unpacked);
  const listedByNewer = await readOut(LIST_DRIVERS, packages, kept);
  const listedByOlder = await readOut(LIST_DRIVERS, packages, first);

  assert.match(listed, /^kmod-tp-smapi\tkernel-modules >= /);
  assert.equal(listedByNewer, listed);
  assert.equal(listedByOlder, '');
  const folder = join(unpacked, 'lib', 'modules', built, 'extra', 'tp-smapi');
  for (const module of ['thinkpad_ec.ko', 'tp_smapi.ko']) {
    const vermagic = await readOut('modinfo', '-F', 'vermagic', join(folder, module));
    assert.equal(vermagic.split(' ')[0], built, module);
  }
});

test('dnf reads the package folder as a repository, with the package signed by the published key', async () => {
  const packages = join(directory, 'rhel', 'rpms', 'x86_64');
  const [fileName = ''] =
    (await dud('tp-smapi', '-k', built, '-o', image, '-f')).kmods[0]?.packages ?? [];
  const database = join(directory, 'rpmdb');
  const key = join(world.home, 'repositories', 'kmods', 'current', 'RPM-GPG-KEY-rekmod');
  await run('rpmkeys', ['--dbpath', database, '--import', key]);

  const found = await readOut(
    'dnf',
    ...['--quiet', `--setopt=cachedir=${join(directory, 'dnf')}`, '--setopt=reposdir=/var/empty'],
    ...[
      `--repofrompath=disk,file://${packages}`,
      '--repo=disk',
      'repoquery',
      '--qf=%{name}.rpm %{relativepath}',
    ],
  );

  assert.equal(found.trim(), `kmod-tp-smapi.rpm ${fileName}`);
  const check = await readOut('rpmkeys', '--dbpath', database, '-Kv', join(packages, fileName));
  assert.match(check, /Signature, key ID [0-9a-f]+: OK$/m);
});

test('the same disk is the same file, and replaces none unless it is told to', async () => {
  const before = await readFile(image);
  const refused = await world.rekmod('dud', 'tp-smapi', '-k', built, '-o', image);
  const again = await dud('tp-smapi', '-k', built, '-o', image, '--force');

  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /found one; add --force/);
  assert.ok(before.equals(await readFile(image)), again.sha256);
});

test('a disk for a kernel that keeps its kmods has the package of the other kernel, and says so', async () => {
  const output = join(directory, 'kept.iso');
  const disk = await dud('tp-smapi', '-k', kept, '-o', output);
  const told = await world.rekmod('dud', 'tp-smapi', '-k', kept, '-o', output, '--force');

  assert.equal(disk.kmods[0]?.builtFor, built);
  assert.match(
    told.stdout,
    new RegExp(`tp-smapi was built for ${built}; its modules load in ${kept} as`),
  );
  const root = await unpackIso(output, 'kept');
  assert.match(await readOut(LIST_DRIVERS, join(root, 'rpms', 'x86_64'), kept), /^kmod-tp-smapi\t/);
});

test('a package that anaconda would not see is refused with the line to add, and that line helps', async () => {
  const output = join(directory, 'plain.iso');
  const refused = await world.rekmod('dud', 'plain', '-k', built, '-o', output);
  const line = /add "(Provides: kernel-modules >= \S+)"/.exec(refused.stderr)?.[1] ?? '';

  assert.equal(refused.exitCode, 1);
  assert.match(
    refused.stderr,
    /kmod-plain-1\.0-.*\.rpm: expected it to provide "kernel-modules" for/,
  );
  await assert.rejects(stat(output), /ENOENT/);

  const spec = await readFile(plain.spec, 'utf8');
  await writeFile(plain.spec, spec.replace('%description', `${line}\n%description`));
  const rebuilt = await world.rekmod('rebuild', 'plain', '-k', built);
  assert.equal(rebuilt.exitCode, 0, rebuilt.stderr);
  await dud('plain', '-k', built, '-o', output);
  const root = await unpackIso(output, 'plain');
  assert.match(await readOut(LIST_DRIVERS, join(root, 'rpms', 'x86_64'), built), /^kmod-plain\t/);
});

test('what was not published, or is not known, is refused with what to do', async () => {
  const output = join(directory, 'none.iso');
  const failed = await world.rekmod('dud', 'fails', '-k', built, '-o', output);
  const unknownKernel = await world.rekmod('dud', 'tp-smapi', '-k', first, '-o', output);
  const unknownKmod = await world.rekmod('dud', 'tp-smap', '-k', built, '-o', output);
  const badEnding = await world.rekmod('dud', 'tp-smapi', '-k', built, '-o', `${output}.gz`);

  assert.deepEqual([failed.exitCode, unknownKernel.exitCode, unknownKmod.exitCode], [1, 3, 3]);
  assert.match(failed.stderr, /expected a published build of fails.*run "rekmod rebuild fails -k/);
  assert.equal(badEnding.exitCode, 2);
  await assert.rejects(stat(output), /ENOENT/);
});

test("SUSE's driver update has modules in their order, the package and its key, links for further products", async () => {
  const output = join(directory, 'tp-smapi.dud');
  const suse = ['tp-smapi', '-k', built, '--format', 'suse'] as const;
  const unnamed = await world.rekmod('dud', ...suse, '-o', output);
  const disk = await dud(...suse, '--dist', 'sle15', '--dist', 'leap15.6', '-o', output);
  const asImage = await dud(...suse, '--dist', 'leap15.6', '-o', join(directory, 'suse.iso'));
  const root = join(directory, 'suse');
  await mkdir(root);
  await run('sh', ['-c', 'zcat "$1" | (cd "$2" && cpio -idm --quiet)', 'sh', output, root]);

  assert.equal(unnamed.exitCode, 2);
  assert.match(unnamed.stderr, /expected --dist/);
  const update = join(root, 'linux', 'suse', 'x86_64-sles15');
  for (const product of ['sled15', 'leap15.6']) {
    assert.equal(await readlink(join(root, 'linux', 'suse', `x86_64-${product}`)), 'x86_64-sles15');
  }
  assert.match(
    await readFile(join(update, 'dud.config'), 'utf8'),
    /^UpdateID:\t\S+\nUpdateName:\tkmod-tp-smapi-/m,
  );
  // tp_smapi uses thinkpad_ec's symbols.
  const order = await readFile(join(update, 'modules', 'module.order'), 'utf8');
  assert.ok(order.indexOf('thinkpad_ec\n') < order.indexOf('tp_smapi\n'), order);
  const vermagic = await readOut(
    'modinfo',
    '-F',
    'vermagic',
    join(update, 'modules', 'tp_smapi.ko'),
  );
  assert.equal(vermagic.split(' ')[0], built);
  const keys = join(update, 'inst-sys', 'usr', 'lib', 'rpm', 'gnupg', 'keys');
  const database = join(directory, 'suse-rpmdb');
  const keyFile =
    disk.files
      .find((path) => path.includes('/gpg-pubkey-'))
      ?.split('/')
      .at(-1) ?? '';
  await run('rpmkeys', ['--dbpath', database, '--import', join(keys, keyFile)]);
  const rpm = join(update, 'install', disk.kmods[0]?.packages[0] ?? '');
  assert.match(
    await readOut('rpmkeys', '--dbpath', database, '-Kv', rpm),
    /key ID [0-9a-f]+: OK$/m,
  );
  assert.match(await readOut('isoinfo', '-d', '-i', asImage.path), /^Volume id: OEMDRV$/m);
});
