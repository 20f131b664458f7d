import assert from 'node:assert/strict';
import test from 'node:test';
import { findHiddenKernels, type KernelPart, type ShownKernel } from '../../rpm/hide-kernels.ts';

const RHEL = {
  family: { core: 'kernel-core', devel: 'kernel-devel', flavours: ['default'] },
  arch: 'x86_64',
};

function partOf(name: string, release: string, changes: Partial<KernelPart> = {}): KernelPart {
  const sourceRpm = `kernel-5.14.0-${release}.src.rpm`;
  return { name, arch: 'x86_64', epoch: 0, version: '5.14.0', release, sourceRpm, ...changes };
}

function shownOf(release: string, flavour = 'default'): ShownKernel {
  return { flavour, evr: { epoch: 0, version: '5.14.0', release } };
}

/** Names of what is left, e.g. `kernel-core 1`. */
function listShown(
  parts: readonly KernelPart[],
  shown: readonly ShownKernel[],
  search: Parameters<typeof findHiddenKernels>[1] = RHEL,
): readonly string[] {
  const isHidden = findHiddenKernels(parts, search, shown);
  return parts.filter((part) => !isHidden(part)).map(({ name, release }) => `${name} ${release}`);
}

const PARTS = ['1', '2'].flatMap((release) => [
  ...['kernel', 'kernel-core', 'kernel-modules-extra', 'perf', 'bpftool'].map((name) =>
    partOf(name, release),
  ),
  partOf('kernel-doc', release, { arch: 'noarch' }),
]);
const DEVEL = ['1', '2'].map((release) => partOf('kernel-devel', release));
const BASH = partOf('bash', '5', { sourceRpm: 'bash-5.src.rpm' });

test('findHiddenKernels() hides all that was built together with a kernel that is not let through', () => {
  assert.deepEqual(listShown([...PARTS, ...DEVEL, BASH], [shownOf('1')]), [
    'kernel 1',
    'kernel-core 1',
    'kernel-modules-extra 1',
    'perf 1',
    'bpftool 1',
    'kernel-doc 1',
    'kernel-devel 1',
    'bash 5',
  ]);
});

test('findHiddenKernels() shows no kernel that nobody has decided about', () => {
  assert.deepEqual(listShown([...PARTS, ...DEVEL, BASH], []), ['bash 5']);
});

test('findHiddenKernels() hides a kernel without source package by its names', () => {
  const parts = ['kernel-core', 'kernel-devel'].map((name) => {
    const { sourceRpm: _, ...part } = partOf(name, '2');
    return part;
  });

  assert.deepEqual(listShown([...parts, BASH], []), ['bash 5']);
  assert.deepEqual(listShown(parts, [shownOf('2')]), ['kernel-core 2', 'kernel-devel 2']);
});

test('findHiddenKernels() hides a kernel-devel whose kernel the mirror does not have yet', () => {
  assert.deepEqual(listShown([...DEVEL], [shownOf('1')]), ['kernel-devel 1']);
});

test('findHiddenKernels() hides the kernel of another architecture with its source package', () => {
  const parts = [
    ...PARTS,
    partOf('kernel-core', '2', { arch: 'i686' }),
    partOf('kernel-core', '1', { arch: 'i686' }),
  ];

  const shown = listShown(parts, [shownOf('1')]);

  assert.deepEqual(
    shown.filter((name) => name.startsWith('kernel-core')),
    ['kernel-core 1', 'kernel-core 1'],
  );
});

test('findHiddenKernels() lets flavours of one source package through together only', () => {
  const search = {
    family: {
      core: 'kernel-{flavour}',
      devel: 'kernel-{flavour}-devel',
      flavours: ['default', 'rt'],
    },
    arch: 'x86_64',
  };
  const parts = [partOf('kernel-default', '1'), partOf('kernel-rt', '1'), partOf('perf', '1')];

  assert.deepEqual(listShown(parts, [shownOf('1')], search), []);
  assert.equal(listShown(parts, [shownOf('1'), shownOf('1', 'rt')], search).length, 3);
});

test('findHiddenKernels() shows a build tree with another rebuild counter that is its kernel’s', () => {
  const devel = partOf('kernel-devel', '1.2', { sourceRpm: 'kernel-5.14.0-1.2.src.rpm' });
  const { sourceRpm: _, ...nevra } = devel;

  assert.deepEqual(listShown([devel], [shownOf('1.1')]), []);
  assert.deepEqual(listShown([devel], [{ ...shownOf('1.1'), devel: nevra }]), ['kernel-devel 1.2']);
});
