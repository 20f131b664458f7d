import assert from 'node:assert/strict';
import test from 'node:test';
import {
  judgeUrgency,
  orderKernels,
  URGENCIES,
  type WaitingKernel,
} from '../../plan/order-kernels.ts';
import { orderWork } from '../../plan/order-work.ts';
import { compareEvr } from '../../rpm/evr.ts';

function kernel(release: number, changes: Partial<WaitingKernel> = {}): WaitingKernel {
  const evr = { epoch: 0, version: '5.14.0', release: `${release}.el9` };
  return { name: `k${release}`, flavour: 'default', evr, hasRequired: true, ...changes };
}

function namesOf(kernels: readonly WaitingKernel[], known: readonly WaitingKernel[] = []): string {
  return orderKernels(kernels, known)
    .map(({ name }) => name)
    .join(' ');
}

test('orderKernels() takes security, then the newest, then the older ones, newest first', () => {
  const severity = 'important';
  const waiting = [kernel(1), kernel(2, { severity }), kernel(3), kernel(4), kernel(5)];

  // The newest one brings the fix of k2 as well.
  assert.equal(namesOf(waiting), 'k5 k2 k4 k3 k1');
});

test('orderKernels() takes a newest kernel without required kmods after one that has some', () => {
  const rt = kernel(9, { name: 'rt', flavour: 'rt', hasRequired: false });

  assert.equal(namesOf([rt, kernel(4), kernel(3)]), 'k4 rt k3');
});

test('orderKernels() takes for backfill what is older than a kernel that is known already', () => {
  const rt = kernel(1, { name: 'rt', flavour: 'rt', hasRequired: false });

  assert.equal(namesOf([kernel(4), rt], [kernel(5)]), 'rt k4');
});

/** Numbers that are the same in each run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    yield state >> 8;
  }
}

function drawKernels(draw: Generator<number>): readonly WaitingKernel[] {
  const next = (below: number): number => (draw.next().value ?? 0) % below;
  return Array.from({ length: next(40) }, (_, index) => {
    const severity = (['critical', 'low'] as const)[next(8)];
    return kernel(next(30), {
      name: `n${index}`,
      flavour: ['default', 'rt', 'azure'][next(3)] ?? '',
      hasRequired: next(2) === 0,
      ...(severity === undefined ? {} : { severity }),
    });
  });
}

test('orderKernels() loses nothing, is total and does not depend on the order of what it is given', () => {
  const draw = numbers(7);
  for (let round = 0; round < 200; round += 1) {
    const waiting = drawKernels(draw);
    const known = drawKernels(draw);

    const ordered = orderKernels(waiting, known);

    assert.deepEqual(new Set(ordered), new Set(waiting));
    assert.equal(ordered.length, waiting.length);
    assert.deepEqual(orderKernels(waiting.toReversed(), known), ordered);
    assert.deepEqual(orderKernels(ordered, known), ordered);
    const ranks = ordered.map((one) => URGENCIES.indexOf(judgeUrgency(one, { waiting, known })));
    for (const [place, rank] of ranks.entries()) {
      const [before, one] = [ordered[place - 1], ordered[place]];
      if (!before || !one) continue;
      const last = ranks[place - 1] ?? 0;
      assert.ok(last < rank || (last === rank && compareEvr(before.evr, one.evr) >= 0));
    }
  }
});

test('orderWork() puts what a look found in its order, and what it does not name last', () => {
  const stored = { arch: 'x86_64' };
  const unfinished = ['a', 'b'].map((release) => ({ ...stored, release }));
  const due = [{ ...stored, release: 'c', kmods: ['jool'] }];

  const names = (order?: readonly string[]): string =>
    orderWork({ newKernels: [], unfinished, due, ...(order ? { order } : {}) })
      .map((work) => (work.kind === 'new' ? 'new' : work.release))
      .join('');

  assert.equal(names(['c', 'b', 'a']), 'cba');
  assert.equal(names(['c']), 'cab');
  assert.equal(names(), 'abc');
});
