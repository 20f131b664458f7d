import assert from 'node:assert/strict';
import test from 'node:test';
import { addForeignBuilds } from '../../plan/add-foreign-builds.ts';
import { chooseForeignBuilds, type ForeignPackage } from '../../plan/choose-foreign-builds.ts';
import { donorOf, moduleOf } from '../support/plan-facts.ts';

const KERNEL = { release: '5.14.0-611.el9.x86_64', arch: 'x86_64' };

/** A package `kmod-jool`, e.g. of version 4.1 for kernel 5.14.0-610. */
function packageOf(
  kernel: string,
  version = '4.1',
  changes: Partial<ForeignPackage> & { readonly name?: string; readonly arch?: string } = {},
): ForeignPackage {
  const { name = 'kmod-jool', arch = 'x86_64', ...rest } = changes;
  return {
    nevra: { name, epoch: 0, version, release: '1.el9', arch },
    release: `5.14.0-${kernel}.el9.x86_64`,
    boundTo: [],
    modules: [moduleOf(`${name}-${version}`)],
    ...rest,
  };
}

/** E.g. `610: kmod-jool-4.1`. */
function choose(...packages: readonly ForeignPackage[]): readonly string[] {
  return chooseForeignBuilds(packages, KERNEL).map(({ release, modules }) => {
    const kernel = release.replace('5.14.0-', '').replace('.el9.x86_64', '');
    return `${kernel}: ${modules.map(({ name }) => name).join(' ')}`;
  });
}

test('chooseForeignBuilds() gives the build for the kernel first, then those of the newest kernels', () => {
  const kernels = ['427', '612', '570', '611', '503'];

  assert.deepEqual(choose(...kernels.map((kernel) => packageOf(kernel))), [
    '611: kmod-jool-4.1',
    '612: kmod-jool-4.1',
    '570: kmod-jool-4.1',
  ]);
});

test('chooseForeignBuilds() takes the newest of several versions, and all packages of it', () => {
  assert.deepEqual(
    choose(
      packageOf('610', '4.9'),
      packageOf('610', '4.10'),
      packageOf('610', '4.1'),
      packageOf('610', '4.10', { name: 'kmod-jool-extra' }),
    ),
    ['610: kmod-jool-4.10 kmod-jool-extra-4.10'],
  );
});

test('chooseForeignBuilds() leaves out other architectures, flavours and bound packages', () => {
  assert.deepEqual(
    choose(
      packageOf('610', '4.1', { arch: 'aarch64' }),
      packageOf('610', '4.1', { release: '5.14.0-610.el9.x86_64+rt' }),
      packageOf('609', '4.1', { boundTo: ['5.14.0-609.el9.x86_64'] }),
      packageOf('611', '4.1', { boundTo: ['5.14.0-611.el9.x86_64'] }),
    ),
    ['611: kmod-jool-4.1'],
  );
});

test('addForeignBuilds() puts foreign builds behind ours, of the source as it is', () => {
  const now = { sourceDigest: 'new source', inputDigest: 'new input' };
  const own = donorOf('5.14.0-610.el9.x86_64', []);
  const foreign = [
    { release: '5.14.0-611.el9.x86_64', modules: [] },
    { release: '5.14.0-610.el9.x86_64', modules: [moduleOf('jool')] },
  ];

  assert.deepEqual(addForeignBuilds([own], foreign, now), [
    own,
    {
      release: '5.14.0-611.el9.x86_64',
      modules: [],
      ...now,
      buildNumber: 0,
      durationMs: 0,
      isForeign: true,
    },
  ]);
});
