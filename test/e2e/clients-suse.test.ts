import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../activities/run-program.ts';
import { type Client, makeClientImage, startClient } from '../../lab/client.ts';
import { CORPUS } from '../../lab/dialects/corpus.ts';
import { type DialectLab, makeDialectLab } from '../../lab/dialects/dialect-lab.ts';
import { createDialectWorld } from '../../lab/dialects/dialect-world.ts';
import { layOutSpec } from '../../lab/dialects/lay-out-spec.ts';
import { describeStream } from '../../lab/install-in-client.ts';
import { type DirectoryServer, serveDirectory } from '../../lab/serve-directory.ts';
import { removeWorld, type World } from '../../lab/world.ts';

// A KMP in SUSE's packaging, and a machine with zypper that follows SUSE's kernels. No SUSE can be had here: zypper
// and libzypp are Debian's builds of theirs, kernels are Debian's in SUSE's packages, and the macros and scriptlets
// of KMPs were written anew for the lab (lab/README.md).

const BUILD_TIMEOUT_MS = 240_000;
const RELEASE_KERNEL = fileURLToPath(new URL('../../lab/release-kernel.sh', import.meta.url));
const KMOD = 'suse-kmp';
const PACKAGE = 'tp-smapi-kmp-default';
const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-'));
const made: DialectLab = await makeDialectLab();
const [older = '', newer = ''] = made.kernels.suse;
const [firstOfOther = ''] = made.kernels.el;
let world: World;
let zypper: Client;
let tools: DirectoryServer;

before(async () => {
  const spec = CORPUS.find(({ name }) => name === KMOD);
  assert.ok(spec, `the corpus has no ${KMOD}`);
  const { kmods } = made.lab;
  const laidOut = await layOutSpec(spec, { directory: join(directory, 'specs'), kmods });
  const first = { ...made, kernels: { el: [firstOfOther], suse: [older] } };
  world = await createDialectWorld(first, {
    directory: join(directory, 'world'),
    specs: [laidOut],
  });
  tools = await serveDirectory(made.vendors.suse);
  await world.up();
  zypper = await startClient(await makeClientImage());
  await waitForBuild(older);
  await setUpClient();
});

after(async () => {
  await zypper?.[Symbol.asyncDispose]();
  await tools?.close();
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
});

async function waitForBuild(release: string): Promise<void> {
  await world.waitFor(
    `${KMOD} for ${release}`,
    ({ cells }) =>
      cells.some(
        (cell) => [cell.kmod, cell.release, cell.state].join() === `${KMOD},${release},built`,
      ),
    BUILD_TIMEOUT_MS,
  );
}

async function setUpClient(): Promise<void> {
  const key = basename(made.lab.upstreamKey);
  await copyFile(made.lab.upstreamKey, join(world.streamDirectory, 'suse', key));
  const published = join(world.home, 'repositories', 'suse', 'current', 'rekmod-suse.repo');
  const folder = '/etc/zypp/repos.d';
  // As SUSE has it.
  await zypper.write(
    '/etc/zypp/zypp.conf',
    '[main]\nmultiversion = provides:multiversion(kernel)\n',
  );
  await zypper.write(`${folder}/rekmod-suse.repo`, await readFile(published, 'utf8'));
  await zypper.write(`${folder}/kernels.repo`, describeStream(`${world.mirror.url}/suse`, key));
  // What the lab wrote itself is not signed.
  const unsigned = `[tools]\nname=Tools\nbaseurl=${tools.url}/\nenabled=1\ngpgcheck=0\n`;
  await zypper.write(`${folder}/tools.repo`, unsigned);
}

async function run(...args: readonly string[]): Promise<string> {
  return await zypper.mustRun('zypper', '--non-interactive', ...args);
}

/** Kernels that the machine has modules of the KMP for. */
async function listKernelsWithModules(): Promise<readonly string[]> {
  const found = await zypper.mustRun('find', '/lib/modules', '-name', 'tp_smapi.ko*');
  const paths = found
    .trim()
    .split('\n')
    .filter((path) => path.includes('/updates/'));
  return paths.map((path) => path.split('/')[3] ?? '').sort();
}

test("zypper installs a KMP and the kernel that it is for, with the key that rekmod's .repo file names", async () => {
  const imported = await run('--gpg-auto-import-keys', 'refresh');
  await run('install', '--no-recommends', PACKAGE);

  assert.match(imported, /Key Name: +rekmod package signing/);
  assert.deepEqual(await listKernelsWithModules(), [older]);
  const required = await zypper.mustRun('rpm', '-q', '--requires', PACKAGE);
  assert.match(required, /^ksym\(default:\w+\) = [0-9a-f]+$/m);
  assert.match(await zypper.mustRun('rpm', '-qa'), /^kernel-default-6\./m);
});

test('zypper up takes the new kernel with its KMP and leaves those of the old kernel beside them', async () => {
  const { REKMOD_CACHE } = process.env;
  const env = REKMOD_CACHE === undefined ? {} : { REKMOD_CACHE };
  const stream = join(world.streamDirectory, 'suse');
  await runProgram(['bash', RELEASE_KERNEL, stream, `suse/${older}`, `suse/${newer}`], { env });
  await copyFile(made.lab.upstreamKey, join(stream, basename(made.lab.upstreamKey)));
  await waitForBuild(newer);

  await run('refresh', '--force');
  const said = await run('update', '--no-recommends');

  assert.match(
    said,
    /The following 2 NEW packages are going to be installed:\n +kernel-default\S* \S*tp-smapi-kmp/,
  );
  assert.deepEqual(await listKernelsWithModules(), [older, newer]);
  const packages = (await zypper.mustRun('rpm', '-qa')).split('\n');
  for (const name of ['kernel-default', PACKAGE]) {
    assert.equal(packages.filter((one) => one.startsWith(`${name}-`)).length, 2, name);
  }
});
