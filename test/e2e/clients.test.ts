import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Client, type ClientEnd, makeClientImage, startClient } from '../../lab/client.ts';
import { describeStream } from '../../lab/install-in-client.ts';
import type { Lab } from '../../lab/read-lab.ts';
import { type DirectoryServer, serveDirectory } from '../../lab/serve-directory.ts';
import { removeWorld, World } from '../../lab/world.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';
import {
  makeExpiredSigner,
  makeForeignSigner,
  TAMPERINGS,
  type TamperingName,
  tamper,
} from '../support/tampered-repository.ts';

// One world, one story: a machine with dnf and one with zypper follow a vendor's kernels and rekmod's
// repository, with all checks of signatures on, and are then offered what somebody has tampered with.

const BUILD_TIMEOUT_MS = 240_000;
const lab: Lab = await requireLab();
const older = releaseOf(lab, 'first');
const newer = releaseOf(lab, 'changed');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-'));
/** What both machines have, and what they are offered later. */
const KMOD = 'kmod-tp-smapi';
const OFFERED = 'kmod-acpi-call';
let image: string;
let world: World;
let dnf: Client;
let zypper: Client;
let tampered: DirectoryServer;

before(async () => {
  image = await makeClientImage();
  world = await World.create(lab, {
    directory,
    released: [older],
    kmods: takeKmods(lab, 'tp-smapi', 'acpi-call'),
  });
  const upstreamKey = basename(lab.upstreamKey);
  await copyFile(lab.upstreamKey, join(world.streamDirectory, upstreamKey));
  await world.up();
  [dnf, zypper] = await Promise.all([startClient(image), startClient(image)]);
  await waitForBuilds(older);
  const vendor = describeStream(world.mirror.url, upstreamKey);
  await dnf.write('/etc/yum.repos.d/vendor.repo', vendor);
  await dnf.write('/etc/yum.repos.d/rekmod-kmods.repo', await readRepoFile());
  // SUSE's own setting, by which kernels stand beside each other.
  const multiversion =
    'multiversion = provides:multiversion(kernel),provides:installonlypkg(kernel)';
  await zypper.write('/etc/zypp/zypp.conf', `[main]\n${multiversion}\n`);
  await zypper.write('/etc/zypp/repos.d/vendor.repo', vendor);
  await zypper.write('/etc/zypp/repos.d/rekmod-kmods.repo', await readRepoFile());
  tampered = await serveDirectory(join(directory, 'tampered'));
});

after(async () => {
  await tampered?.close();
  await dnf?.[Symbol.asyncDispose]();
  await zypper?.[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
});

async function waitForBuilds(release: string): Promise<void> {
  await world.waitFor(
    `kmods for ${release}`,
    ({ cells }) =>
      cells.filter((cell) => cell.release === release && cell.state === 'built').length === 2,
    BUILD_TIMEOUT_MS,
  );
}

function published(): string {
  return join(world.home, 'repositories', 'kmods', 'current');
}

async function readRepoFile(): Promise<string> {
  return await readFile(join(published(), 'rekmod-kmods.repo'), 'utf8');
}

function runDnf(...args: readonly string[]): readonly string[] {
  return ['dnf', '-y', '--disableplugin=local', '--setopt=install_weak_deps=False', ...args];
}

function runZypper(...args: readonly string[]): readonly string[] {
  return ['zypper', '--non-interactive', ...args];
}

/** Modules of the kmod that a machine has, as paths. */
async function listModules(client: Client): Promise<readonly string[]> {
  const said = await client.mustRun('find', '/lib/modules', '-path', '*/extra/*', '-name', '*.ko');
  return said.trim().split('\n').sort();
}

function modulesFor(release: string): readonly string[] {
  const folder = `/lib/modules/${release}/extra/tp-smapi`;
  return ['hdaps', 'thinkpad_ec', 'tp_smapi'].map((name) => `${folder}/${name}.ko`);
}

test('dnf installs kernel and kmod with gpgcheck and repo_gpgcheck, and imports the two keys that it is told', async () => {
  const repo = await dnf.mustRun('cat', '/etc/yum.repos.d/rekmod-kmods.repo');
  assert.match(repo, /^gpgcheck=1\nrepo_gpgcheck=1$/m);

  await dnf.mustRun(...runDnf('install', KMOD));

  assert.deepEqual(await listModules(dnf), modulesFor(older));
  const keys = (await dnf.mustRun('rpm', '-q', 'gpg-pubkey')).trim().split('\n');
  assert.equal(keys.length, 2, keys.join());
});

test('zypper takes no key that nobody accepted, then installs kernel and kmod with the one that was', async () => {
  const refused = await zypper.run(...runZypper('refresh', 'rekmod-kmods'));
  assert.notEqual(refused.exitCode, 0);
  assert.match(refused.said, /Do you want to reject the key.*\(r\): r/);

  const accepted = await zypper.mustRun(...runZypper('--gpg-auto-import-keys', 'refresh'));
  await zypper.mustRun(...runZypper('install', '--no-recommends', KMOD));

  assert.match(accepted, /Key Name: +rekmod package signing/);
  assert.deepEqual(await listModules(zypper), modulesFor(older));
});

test('zypper finds the key of a repository that it is given by URL alone', async () => {
  await using client = await startClient(image);
  const url = `${world.serverUrl}/repositories/kmods/`;
  await client.mustRun(...runZypper('addrepo', url, 'kmods'));

  await client.mustRun(...runZypper('--gpg-auto-import-keys', 'refresh'));

  const found = await client.mustRun(...runZypper('search', '--repo', 'kmods', KMOD));
  assert.match(found, /kmod-tp-smapi/);
});

test('dnf update takes the new kernel and its kmod in one transaction', async () => {
  await world.release(newer);
  await waitForBuilds(newer);

  await dnf.mustRun(...runDnf('--refresh', 'update'));

  const history = await dnf.mustRun(
    'dnf',
    '-q',
    '--disableplugin=local',
    'history',
    'info',
    'last',
  );
  assert.match(history, /^ +Install +kernel-core-.*@lab-vendor$/m);
  assert.match(history, /^ +Upgrade +kmod-tp-smapi-.*@rekmod-kmods$/m);
  assert.deepEqual(await listModules(dnf), modulesFor(newer));
});

test('zypper update takes the new kernel and its kmod together', async () => {
  await zypper.mustRun(...runZypper('refresh', '--force'));

  const said = await zypper.mustRun(...runZypper('update', '--no-recommends'));

  assert.match(said, /The following package is going to be upgraded:\n +kmod-tp-smapi/);
  assert.match(said, /The following NEW package is going to be installed:\n +kernel-core/);
  assert.deepEqual(await listModules(zypper), modulesFor(newer));
});

/** What each client says of each tampering; nothing where it installs. */
const ANSWERS: Readonly<Record<TamperingName, { readonly dnf: RegExp; readonly zypper: RegExp }>> =
  {
    'changed package': {
      dnf: /kmod-acpi-call\S*: Downloading successful, but checksum doesn't match/,
      zypper: /kmod-acpi-call.*Signature verification failed \[2-Signature does not verify\]/,
    },
    'changed package that the metadata lists': {
      dnf: /Problem opening package kmod-acpi-call[\s\S]*\nError: GPG check FAILED/,
      zypper: /kmod-acpi-call.*Signature verification failed \[2-Signature does not verify\]/,
    },
    'changed repomd.xml': {
      dnf: /repomd\.xml GPG signature verification error: Bad GPG signature/,
      zypper: /Signature verification failed for file 'repomd\.xml'/,
    },
    'changed primary.xml': {
      dnf: /checksum doesn't match[\s\S]*-primary\.xml\.gz - Cannot download/,
      zypper: /Digest verification failed for file '\S*-primary\.xml\.gz'/,
    },
    'no signature of repomd.xml': {
      dnf: /GPG verification is enabled, but GPG signature is not available/,
      zypper: /File 'repomd\.xml' from repository .* is unsigned/,
    },
    'repomd.xml signed by a foreign key': {
      dnf: /repomd\.xml GPG signature verification error: Bad GPG signature/,
      zypper: /File 'repomd\.xml' from repository .* is signed with an unknown key/,
    },
    'unsigned package': {
      dnf: /Package kmod-acpi-call\S* is not signed\n[\s\S]*Error: GPG check FAILED/,
      zypper: /Package is not signed!/,
    },
    'package signed by a foreign key': {
      dnf: /not correct for this package\.[\s\S]*Failing package is: kmod-acpi-call[\s\S]*Error: GPG check FAILED/,
      zypper: /Signatures public key is not available/,
    },
    'expired key': {
      dnf: /repomd\.xml GPG signature verification error: Bad GPG signature/,
      zypper: /Key Expires: .*\(EXPIRED\)[\s\S]*Do you want to reject the key.*\(r\): r/,
    },
  };

async function prepareTampered(): Promise<string> {
  const repo = await readRepoFile();
  const own = { gnupgHome: join(world.home, 'keys', 'gnupg') };
  const foreign = await makeForeignSigner(join(directory, 'foreign'));
  const expired = await makeExpiredSigner(join(directory, 'expired'), new Date());
  const packages = await readdir(join(published(), 'Packages'));
  const offered = packages.filter((name) => name.startsWith(OFFERED)).sort();
  const fileName = offered.at(-1) ?? '';
  for (const name of namesOfTamperings()) {
    const repository = join(directory, 'tampered', toFolder(name));
    await tamper(name, published(), { repository, fileName, own, foreign, expired });
  }
  return repo;
}

function namesOfTamperings(): readonly TamperingName[] {
  const names: readonly string[] = Object.keys(TAMPERINGS);
  return names.filter((name): name is TamperingName => name in TAMPERINGS);
}

function toFolder(name: TamperingName): string {
  return name.replaceAll(/[^a-z]+/g, '-');
}

/** The published file, but for where the repository is, and for the key if that is the attacker's. */
function redirect(repo: string, name: TamperingName): string {
  const url = `${tampered.url}/${toFolder(name)}/`;
  const moved = repo.replace(/^baseurl=.*$/m, `baseurl=${url}`);
  return 'isOwnKey' in TAMPERINGS[name]
    ? moved.replace(/^gpgkey=.*$/m, `gpgkey=${url}RPM-GPG-KEY-rekmod`)
    : moved;
}

let repo: Promise<string> | undefined;

for (const name of namesOfTamperings()) {
  test(`dnf and zypper refuse a repository ${TAMPERINGS[name].what}`, async () => {
    repo ??= prepareTampered();
    const moved = redirect(await repo, name);

    const [ofDnf, ofZypper] = await Promise.all([offerToDnf(moved), offerToZypper(moved)]);

    assert.notEqual(ofDnf.exitCode, 0, ofDnf.said);
    assert.match(ofDnf.said, ANSWERS[name].dnf);
    assert.equal((await dnf.run('rpm', '-q', OFFERED)).exitCode, 1);
    assert.notEqual(ofZypper.exitCode, 0, ofZypper.said);
    assert.match(ofZypper.said, ANSWERS[name].zypper);
    assert.equal((await zypper.run('rpm', '-q', OFFERED)).exitCode, 1);
  });
}

/** The kernel is there already, so that nothing but the kmod is asked for. */
async function offerToDnf(repoFile: string): Promise<ClientEnd> {
  await dnf.write('/etc/yum.repos.d/rekmod-kmods.repo', repoFile);
  await dnf.mustRun('dnf', '-q', 'clean', 'all');
  return await dnf.run(...runDnf('--repo=rekmod-kmods', 'install', OFFERED));
}

async function offerToZypper(repoFile: string): Promise<ClientEnd> {
  await zypper.write('/etc/zypp/repos.d/rekmod-kmods.repo', repoFile);
  await zypper.mustRun('rm', '-rf', '/var/cache/zypp');
  const from = ['--repo', 'rekmod-kmods', OFFERED];
  return await zypper.run(...runZypper('install', '--no-recommends', ...from));
}

test('both install the same package from the repository that nobody touched', async () => {
  const ends = await Promise.all([
    offerToDnf(await readRepoFile()),
    offerToZypper(await readRepoFile()),
  ]);

  for (const { exitCode, said } of ends) assert.equal(exitCode, 0, said);
});
