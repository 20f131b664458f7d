import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { readKernelExports } from '../../activities/kernel-exports.ts';
import { readKmodPackages } from '../../activities/kmod-packages.ts';
import { openRpm } from '../../activities/rpm-file.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import type { Lab, LabKernel } from '../../lab/read-lab.ts';
import type { KernelExports } from '../../model/kabi-check.ts';
import { judgePackages } from '../../plan/judge-packages.ts';
import { requireLab } from '../support/require-lab.ts';
import { makeScratch } from '../support/scratch.ts';

const { signal } = new AbortController();
/** In-tree modules of every kernel, which stand for somebody else's. */
const MODULES = /\/(?:tun|veth|dummy|bonding|macvlan|nbd)\.ko$/;

function kernelOf(lab: Lab, role: LabKernel['role']): LabKernel {
  const kernel = lab.kernels.find((candidate) => candidate.role === role);
  if (!kernel) throw new Error(`the lab has no kernel ${role}`);
  return kernel;
}

function coreOf({ rpms }: LabKernel): string {
  const core = rpms.find((path) => basename(path).startsWith('kernel-core-'));
  if (core === undefined) throw new Error('the lab has a kernel without kernel-core');
  return core;
}

async function readExports(kernel: LabKernel, scratch: string, isMetadataOnly: boolean) {
  return await readKernelExports([coreOf(kernel)], { isMetadataOnly, scratch, signal });
}

/** Takes some modules out of a kernel as files. */
async function extractModules(kernel: LabKernel, directory: string): Promise<void> {
  const rpm = await openRpm(coreOf(kernel));
  const files = await rpm.readFiles({
    wants: (path) => MODULES.test(path),
    maxBytesPerFile: 64 * 1024 * 1024,
    signal,
  });
  await mkdir(directory);
  for (const [path, bytes] of files) await writeFile(join(directory, basename(path)), bytes);
}

async function judge(directory: string, kernel: KernelExports): Promise<readonly string[]> {
  const options = { isMetadataOnly: false, scratch: directory, signal };
  const { packages } = await readKmodPackages(directory, options);
  return judgePackages(packages, kernel).map(({ verdict }) => verdict.kind);
}

test('a real kernel-core tells the same in its payload and in its metadata', async () => {
  await using scratch = await makeScratch();
  const kernel = kernelOf(await requireLab(), 'first');
  const symvers = parseSymvers(await readFile(kernel.symvers, 'utf8'));

  const payload = await readExports(kernel, scratch.path, false);
  const metadata = await readExports(kernel, scratch.path, true);

  assert.deepEqual(payload.symvers, symvers);
  assert.ok(payload.releases.includes(kernel.release));
  assert.ok(metadata.releases.includes(kernel.release));
  assert.equal(metadata.missingPackages, undefined);
  const crcsOf = ({ symvers: exported }: Pick<KernelExports, 'symvers'>) =>
    [...exported.values()].map(({ symbol, crc }) => `${symbol} ${crc}`).sort();
  assert.deepEqual(crcsOf(metadata), crcsOf({ symvers }));
});

test('real modules fit their kernel and one with the same kABI, not one with another', async () => {
  await using scratch = await makeScratch();
  const lab = await requireLab();
  const directory = scratch.at('modules');
  await extractModules(kernelOf(lab, 'changed'), directory);
  const kinds = new Map<string, readonly string[]>();
  for (const role of ['first', 'changed', 'same'] as const) {
    for (const isMetadataOnly of [false, true]) {
      const kernel = await readExports(kernelOf(lab, role), scratch.path, isMetadataOnly);
      kinds.set(`${role} ${isMetadataOnly}`, await judge(directory, kernel));
    }
  }

  const fits = kinds.get('changed false') ?? [];
  assert.ok(fits.length >= 4 && fits.every((kind) => kind === 'fits'), fits.join(' '));
  for (const key of ['changed true', 'same false', 'same true']) {
    assert.deepEqual(kinds.get(key), fits);
  }
  const changed = kinds.get('first false') ?? [];
  assert.ok(
    changed.every((kind) => kind === 'rebuild' || kind === 'broken'),
    changed.join(' '),
  );
  assert.deepEqual(kinds.get('first true'), changed);
});
