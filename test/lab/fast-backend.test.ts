import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import test from 'node:test';
import { promisify } from 'node:util';
import { readModules } from '../../activities/read-modules.ts';
import { openRpm } from '../../activities/rpm-file.ts';
import type { BuildRequest, BuildResult } from '../../containers/backend.ts';
import {
  type FastKernel,
  fastKernelFiles,
  fastRelease,
  makeFastKernel,
} from '../../lab/fast/fast-kernel.ts';
import { type FastKmod, writeFastKmod } from '../../lab/fast/fast-kmod.ts';
import { openKabiReader } from '../../lab/fast/read-kabi.ts';
import { createFastBackend } from '../../lab/fast-backend.ts';
import { verifyPackages } from '../../plan/verify-packages.ts';
import { LIMITS } from '../containers/backend-rig.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const run = promisify(execFile);
const KERNEL: FastKernel = { spelling: '5.14.0-7.el9', changed: { kapi_00003: 2 } };
const release = fastRelease(KERNEL);
const { signal } = new AbortController();

async function build(scratch: Scratch, kmod: FastKmod, backend = createFastBackend()) {
  const [, devel] = await makeFastKernel(scratch.at('kernel'), KERNEL);
  await writeFastKmod(scratch.path, kmod);
  const outputDirectory = scratch.at(`output-${kmod.name}`);
  await mkdir(outputDirectory);
  const request: BuildRequest = {
    directory: scratch.at(kmod.name),
    spec: `kmod-${kmod.name}.spec`,
    defines: {},
    buildroot: { id: `fast:${release}:${scratch.at('kernel', devel)}`, digest: '', isReused: true },
    outputDirectory,
    limits: LIMITS,
    labels: { cell: kmod.name },
  };
  let log = '';
  const result = await backend.build(request, {
    signal,
    onLog: (chunk) => {
      log += Buffer.from(chunk).toString();
    },
  });
  return { result, log, outputDirectory };
}

test('createFastBackend() makes a package that rpm takes and that passes the verify station', async () => {
  await using scratch = await makeScratch();
  const kmod = { name: 'fast-1', imports: ['module_layout', 'kapi_00003'], exports: ['fast_1_do'] };

  const { result, outputDirectory } = await build(scratch, kmod);

  const path = `${outputDirectory}/${onlyFile(result)}`;
  const { stdout } = await run('rpmkeys', ['-Kv', path]);
  assert.doesNotMatch(stdout, /BAD|NOT OK/);
  assert.match(stdout, /Payload SHA256 digest: OK/);
  const rpm = await openRpm(path);
  const { modules } = await readModules(rpm, undefined, signal);
  assert.deepEqual(
    modules.flatMap(({ exports }) => exports.map(({ symbol }) => symbol)),
    ['fast_1_do'],
  );
  assert.deepEqual(await verify(scratch, path), []);
});

test('createFastBackend() fails as modpost does where the kernel lacks a symbol', async () => {
  await using scratch = await makeScratch();

  const { result, log } = await build(scratch, { name: 'fast-2', imports: ['kapi_99999'] });

  assert.deepEqual(result, { kind: 'failed', why: 'exit', exitCode: 1 });
  assert.match(log, /ERROR: modpost: "kapi_99999" \[.*fast_2\.ko\] undefined!/);
});

test('createFastBackend() does what the script says for a kernel, and nothing for another', async () => {
  await using scratch = await makeScratch();
  const script = [{ releases: [release], end: 'failed', log: 'a.c:1:1: error: no' }] as const;
  const other = [{ releases: ['5.14.0-8.el9.x86_64'], end: 'failed' }] as const;

  const failed = await build(scratch, { name: 'fast-3', script });
  const built = await build(scratch, { name: 'fast-4', script: other });

  assert.equal(failed.result.kind, 'failed');
  assert.match(failed.log, /a\.c:1:1: error: no/);
  assert.equal(built.result.kind, 'succeeded');
});

test('createFastBackend() can make a module for another kernel, which the verify station refuses', async () => {
  await using scratch = await makeScratch();

  const made = await build(scratch, { name: 'fast-5', script: [{ end: 'other-kernel' }] });

  const problems = await verify(scratch, `${made.outputDirectory}/${onlyFile(made.result)}`);
  assert.match(problems.join('\n'), /expected vermagic of 5\.14\.0-7\.el9\.x86_64/);
});

test('createFastBackend() ends a build whose labels are cleared', async () => {
  await using scratch = await makeScratch();
  const backend = createFastBackend();
  const building = build(scratch, { name: 'fast-6', script: [{ delayMs: 3_600_000 }] }, backend);
  building.catch(() => undefined);

  let ended = 0;
  while (ended === 0) {
    await new Promise((resolve) => setImmediate(resolve));
    ended = await backend.removeLeftovers({ cell: 'fast-6' });
  }

  assert.equal(ended, 1);
  await assert.rejects(building, { name: 'AbortError' });
});

function onlyFile(result: BuildResult): string {
  assert.equal(result.kind, 'succeeded');
  const [file] = result.files;
  return file?.name ?? '';
}

async function verify(scratch: Scratch, path: string): Promise<readonly string[]> {
  const [, devel] = fastKernelFiles(KERNEL);
  const rpm = await openRpm(path);
  return verifyPackages({
    release,
    arch: 'x86_64',
    packages: [{ ...rpm.header, fileName: 'made.rpm' }],
    modules: (await readModules(rpm, undefined, signal)).modules,
    symvers: await openKabiReader()(scratch.at('kernel', devel), signal),
    providers: new Map(),
  });
}
