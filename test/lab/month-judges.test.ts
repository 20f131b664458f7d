import assert from 'node:assert/strict';
import test from 'node:test';
import { type KnownKernel, listExpectedBuilds } from '../../lab/month/expected-builds.ts';
import { fitSlope, type GrowthBound, judgeGrowth } from '../../lab/month/judge-growth.ts';
import { findMissed } from '../../lab/month/judge-offers.ts';
import { judgeView } from '../../lab/month/judge-view.ts';
import type { MonthEvent } from '../../lab/month/month-events.ts';

/** A kernel of the stream `el` with the generations of alpha and beta. */
function kernelOf(number: number, alpha: number, beta: number, oldestBeta = 1): KnownKernel {
  return {
    flavour: 'default',
    kernel: {
      stream: 'el',
      version: '5.14.0',
      release: `${number}.el9`,
      number,
      generations: { alpha, beta },
      oldestSource: { alpha: 1, beta: oldestBeta },
    },
  };
}

function release(known: KnownKernel, atPoll: number): MonthEvent {
  return { kind: 'release', kernel: known.kernel, lagPolls: 0, atPoll, scene: 'test' };
}

test('listExpectedBuilds() wants one build for all kernels with the same CRCs, and one anew', () => {
  const events = [kernelOf(1, 0, 0), kernelOf(2, 0, 1), kernelOf(3, 0, 1, 2)].map(release);
  const mended = { kind: 'source', kmod: 'beta', version: 2, atPoll: 9, scene: 'test' } as const;

  const { built, failed } = listExpectedBuilds([...events, mended], () => true);

  assert.deepEqual(
    [...built].sort(),
    [
      'el default alpha source 1 kernel 5.14.0-1.el9',
      'el default beta source 1 kernel 5.14.0-1.el9',
      'el default beta source 1 kernel 5.14.0-2.el9',
      'el default beta source 2 kernel 5.14.0-1.el9',
      'el default beta source 2 kernel 5.14.0-2.el9',
      'el default beta source 2 kernel 5.14.0-3.el9',
    ].sort(),
  );
  assert.deepEqual([...failed], ['el default beta source 1 kernel 5.14.0-3.el9']);
});

test('listExpectedBuilds() wants a kernel tried once that no source compiles for', () => {
  const events = [kernelOf(1, 0, 0), kernelOf(2, 0, 1, 2)].map(release);

  const { failed } = listExpectedBuilds(events, () => true);

  assert.deepEqual([...failed], ['el default beta source 1 kernel 5.14.0-2.el9']);
});

const CORE = { name: 'kernel-core', version: '5.14.0', release: '2.el9', arch: 'x86_64' };
const modulesOf = (kmod: string, number: number) => ({
  ...{ name: `kmod-${kmod}`, version: '1.0', arch: 'x86_64' },
  release: `1.k5.14.0_${number}.el9.x86_64.b1`,
});
const KERNELS = [kernelOf(1, 0, 0), kernelOf(2, 0, 1)];

function judge(
  packages: Parameters<typeof judgeView>[0]['packages'],
  { before = [], isOffered = true }: { before?: readonly string[]; isOffered?: boolean } = {},
): readonly string[] {
  return judgeView({
    packages,
    before: new Set(before),
    kernels: KERNELS,
    isOffered: () => isOffered,
    isSteady: () => true,
  }).violations;
}

test('judgeView() wants modules that fit each visible kernel', () => {
  const good = [CORE, modulesOf('alpha', 1), modulesOf('beta', 2)];

  assert.deepEqual(judge(good), []);
  assert.deepEqual(judge([CORE, modulesOf('alpha', 1), modulesOf('beta', 1)]), [
    '5.14.0-2.el9.x86_64 is visible without beta',
  ]);
});

test('judgeView() tells what is there twice, vanished, or not offered', () => {
  const good = [CORE, modulesOf('alpha', 1), modulesOf('beta', 2)];

  assert.deepEqual(judge([...good, CORE]), ['kernel-core-5.14.0-2.el9.x86_64 is listed twice']);
  assert.deepEqual(judge(good, { before: ['5.14.0-1.el9.x86_64'] }), [
    '5.14.0-1.el9.x86_64 vanished, and upstream offers it',
  ]);
  assert.deepEqual(judge(good, { isOffered: false }), [
    '5.14.0-2.el9.x86_64 is visible, and upstream does not offer it',
  ]);
});

test('findMissed() misses what could be taken, and wants a reason for the rest', () => {
  const offers = [3, 2, 2].map((takeablePolls, index) => ({
    known: kernelOf(index + 1, 0, 0),
    takeablePolls,
    listedPolls: 9,
  }));

  const found = findMissed(offers, {
    isDone: () => false,
    explain: ({ kernel }) => (kernel.number === 2 ? 'too old' : undefined),
  });

  assert.deepEqual(found.missed, ['el 5.14.0-1.el9.x86_64']);
  assert.deepEqual(found.skipped, ['el 5.14.0-2.el9.x86_64: too old']);
  assert.deepEqual(found.unexplained, ['el 5.14.0-3.el9.x86_64']);
});

test('judgeGrowth() fits a line to the second half, and accepts what a cause explains', () => {
  const samples = [0, 100, 10, 20, 30, 40].map((files, day) => ({
    day,
    figures: { 'logs files': files, 'builds ended': day * 5 },
  }));
  const bound: GrowthBound = { what: 'logs files', unit: '', perDay: 0, because: 'test' };

  const [strict, explained] = judgeGrowth(samples, [bound, { ...bound, per: { build: 2 } }]);

  assert.deepEqual([strict?.perDay, strict?.isTooMuch], [10, true]);
  assert.deepEqual([explained?.accepted, explained?.isTooMuch], [10, false]);
  assert.equal(fitSlope([[1, 1]]), 0);
});
