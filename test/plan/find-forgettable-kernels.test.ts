import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ForgetCell,
  type ForgetFacts,
  findForgettableKernels,
} from '../../plan/find-forgettable-kernels.ts';

const CELL: ForgetCell = {
  stream: 'lab',
  release: '1',
  kmod: 'jool',
  verdict: { kind: 'keep', why: 'built-for-this-kernel' },
};

/** Kernel 1 is gone and beyond the newest two; 2 and 3 are kept. */
function factsOf(changes: Partial<ForgetFacts> = {}): ForgetFacts {
  return {
    stream: { name: 'lab', keepKernels: 2 },
    kernels: ['1', '2', '3'].map((release) => ({ release, flavour: 'default' })),
    gone: new Set(['1', '2']),
    gated: new Set(),
    cells: [],
    published: [],
    publishedFiles: new Set(),
    ...changes,
  };
}

test('findForgettableKernels() finds a kernel that is gone and beyond the newest', () => {
  assert.deepEqual(findForgettableKernels(factsOf()), ['1']);
});

const NEEDED: readonly (readonly [string, Partial<ForgetFacts>])[] = [
  ['that its stream offers', { gone: new Set() }],
  ['among the newest of its flavour', { stream: { name: 'lab', keepKernels: 3 } }],
  ['that a gate needs', { gated: new Set(['1']) }],
  ['with a package in some snapshot', { published: [{ stream: 'lab', release: '1' }] }],
  [
    'with a package of which nobody remembers the cell',
    {
      cells: [{ ...CELL, lastBuild: { packages: [{ fileName: 'kmod-jool.rpm' }] } }],
      publishedFiles: new Set(['kmod-jool.rpm']),
    },
  ],
  [
    'whose build serves another kernel',
    {
      cells: [
        {
          ...CELL,
          release: '3',
          verdict: { kind: 'keep', why: 'compatible', donor: '1', importCount: 1 },
        },
      ],
    },
  ],
];

for (const [what, changes] of NEEDED) {
  test(`findForgettableKernels() keeps a kernel ${what}`, () => {
    assert.deepEqual(findForgettableKernels(factsOf(changes)), []);
  });
}

test('findForgettableKernels() takes a package of another stream for none of its own', () => {
  const published = [{ stream: 'other', release: '1' }];

  assert.deepEqual(findForgettableKernels(factsOf({ published })), ['1']);
});
