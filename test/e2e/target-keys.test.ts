import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import test, { after } from 'node:test';
import { runProgram } from '../../activities/run-program.ts';
import type { Buildroot, RunControl } from '../../containers/backend.ts';
import { createContainerBackend } from '../../containers/container-backend.ts';
import { PrepareFailedError } from '../../model/engine-errors.ts';
import { parseNevra } from '../../rpm/nevra.ts';
import { LIMITS } from '../containers/backend-rig.ts';
import { type EngineRig, startDockerRig } from '../containers/engine-rig.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { requireLab } from '../support/require-lab.ts';
import { makeScratch } from '../support/scratch.ts';

// Does dnf in a container take what a target's key has signed, and nothing else?

const lab = await requireLab();
const rig = await requireDocker();
const gpg = await makeGpgRig();
const stranger = await makeGpgRig();
const scratch = await makeScratch();
after(async () => {
  await rig.dispose();
  for (const made of [gpg, stranger, scratch]) await made[Symbol.asyncDispose]();
});

const SPEC = 'Name: tool\nVersion: 1\nRelease: 1\nSummary: t\nLicense: t\nBuildArch: noarch\n';
await chmod(scratch.path, 0o755);
await writeFile(scratch.at('tool.spec'), `${SPEC}%description\n%files\n`);
const topdir = `_topdir ${scratch.at('rpmbuild')}`;
await runProgram(['rpmbuild', '-bb', '--define', topdir, scratch.at('tool.spec')]);

async function requireDocker(): Promise<EngineRig> {
  const found = await startDockerRig();
  if ('skip' in found) throw new Error(found.skip);
  return found;
}

/** A repository with one package; @returns its address. */
async function makeRepository(name: string, sign: (rpm: string) => Promise<void>): Promise<string> {
  const rpm = scratch.at(name, 'tool-1-1.noarch.rpm');
  await mkdir(scratch.at(name));
  await copyFile(scratch.at('rpmbuild', 'RPMS', 'noarch', 'tool-1-1.noarch.rpm'), rpm);
  await sign(rpm);
  await runProgram(['createrepo_c', '--quiet', scratch.at(name)]);
  return `file://${scratch.at(name)}`;
}

/** Makes a buildroot with the package, and gives it with what was logged. */
async function prepare(url: string): Promise<{ readonly made: Buildroot; readonly log: string }> {
  const [kernel] = lab.kernels;
  const devel = kernel?.rpms.find((path) => path.includes('-devel-'));
  assert.ok(kernel && devel);
  let log = '';
  const run: RunControl = {
    onLog: (chunk) => {
      log += Buffer.from(chunk).toString();
    },
    signal: new AbortController().signal,
  };
  const made = await createContainerBackend({ engine: rig.engine, now: Date.now }).prepare(
    {
      target: {
        ...{ name: 'keyed', backend: 'container', image: lab.image, arch: 'x86_64' },
        ...{ packages: ['tool'], repositories: { own: url }, gpgKeys: [gpg.publicKeyFile] },
        ...{ prepareNetwork: 'none', compilerMismatch: 'warn' },
      },
      kernel: {
        release: kernel.release,
        develRpm: devel,
        develSha256: `test ${process.pid}`,
        develNevra: parseNevra(basename(devel, '.rpm')),
      },
      specs: [],
      limits: { ...LIMITS, prepareTimeoutMs: 120_000 },
      labels: { test: String(process.pid) },
    },
    run,
  );
  rig.ownImage(made.id);
  return { made, log };
}

test('prepare() installs a package that a key of the target has signed', async () => {
  const { made, log } = await prepare(await makeRepository('good', (rpm) => gpg.signRpm(rpm)));

  assert.equal(made.isReused, false);
  assert.match(log, /Importing GPG key/);
  assert.match(log, /tool-1-1/);
});

const REFUSED = [
  ['stranger', 'that a stranger has signed', (rpm: string) => stranger.signRpm(rpm)],
  ['bare', 'that nobody has signed', async () => undefined],
] as const;
for (const [name, title, sign] of REFUSED) {
  test(`prepare() refuses a package ${title}`, async () => {
    const url = await makeRepository(name, sign);

    await assert.rejects(prepare(url), (error) => {
      assert.ok(error instanceof PrepareFailedError);
      assert.equal(error.failureClass, 'configuration', error.message);
      assert.match(error.message, /GPG|signed|signature/i);
      return true;
    });
  });
}
