import assert from 'node:assert/strict';
import test from 'node:test';
import { newestKernels } from '../../rpm/newest-kernels.ts';

const KERNELS = ['default 1', 'rt 1', 'default 2', 'rt 2', 'default 3', '64k 1'].map((name) => ({
  flavour: name.split(' ')[0] ?? '',
  name,
}));

function namesOf(kernels: readonly { readonly name: string }[]): readonly string[] {
  return kernels.map(({ name }) => name);
}

test('newestKernels() takes as many of each flavour and keeps their order', () => {
  assert.deepEqual(namesOf(newestKernels(KERNELS, 2)), [
    'rt 1',
    'default 2',
    'rt 2',
    'default 3',
    '64k 1',
  ]);
  assert.deepEqual(namesOf(newestKernels(KERNELS, 1)), ['rt 2', 'default 3', '64k 1']);
});

test('newestKernels() takes all where there are fewer', () => {
  assert.deepEqual(newestKernels(KERNELS, 3), KERNELS);
  assert.deepEqual(newestKernels([], 3), []);
});
