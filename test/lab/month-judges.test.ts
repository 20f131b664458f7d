import assert from 'node:assert/strict';
import test from 'node:test';
import { type KnownKernel, listNeeds } from '../../lab/month/expected-builds.ts';
import { type EndedBuild, judgeBuilds } from '../../lab/month/judge-builds.ts';
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

const FIRST = kernelOf(1, 0, 0);
const CHANGED = kernelOf(2, 0, 1);
const BREAKING = kernelOf(3, 0, 1, 2);
const MENDED = { kind: 'source', kmod: 'beta', version: 2, atPoll: 9, scene: 'test' } as const;
const NEEDS = listNeeds([...[FIRST, CHANGED, BREAKING].map(release), MENDED], () => true);

function build(
  known: KnownKernel,
  kmod: string,
  source = 1,
  end: EndedBuild['end'] = 'built',
  atMinute = 0,
): EndedBuild {
  const beganAtMs = atMinute * 60_000;
  return { known, kmod, source, end, beganAtMs, endedAtMs: beganAtMs + 1000 };
}

/** Newest first: what is built for a kernel serves those with the same CRCs, older ones as well. */
const GOOD = [
  build(BREAKING, 'alpha'),
  build(BREAKING, 'beta', 1, 'failed'),
  build(CHANGED, 'beta'),
  build(FIRST, 'beta'),
  build(BREAKING, 'beta', 2),
  build(CHANGED, 'beta', 2),
  build(FIRST, 'beta', 2),
];

test('judgeBuilds() wants one build for all kernels with the same CRCs, for whichever it is', () => {
  const forOldest = [build(FIRST, 'alpha'), ...GOOD.slice(1)];

  assert.deepEqual(judgeBuilds(NEEDS, GOOD), []);
  assert.deepEqual(judgeBuilds(NEEDS, forOldest), []);
});

test('judgeBuilds() misses each build that a class or a kernel of its own has not got', () => {
  const without = (index: number, count = 1) =>
    judgeBuilds(NEEDS, GOOD.toSpliced(index, count)).filter((line) => line.startsWith('not built'));

  assert.deepEqual(
    without(0),
    [1, 2, 3].map((number) => `not built: el default alpha source 1 kernel 5.14.0-${number}.el9`),
  );
  assert.deepEqual(without(1), ['not built: el default beta source 1 kernel 5.14.0-3.el9']);
  assert.deepEqual(without(3), ['not built: el default beta source 1 kernel 5.14.0-1.el9']);
  assert.deepEqual(without(6), ['not built: el default beta source 2 kernel 5.14.0-1.el9']);
  // Two of one class: either is enough, and none is not.
  assert.deepEqual([without(4), without(5)], [[], []]);
  assert.deepEqual(
    without(4, 2),
    [3, 2].map((number) => `not built: el default beta source 2 kernel 5.14.0-${number}.el9`),
  );
});

test('judgeBuilds() tells what is built twice, tried twice, or served already', () => {
  const verdictOf = (...more: readonly EndedBuild[]) => judgeBuilds(NEEDS, [...GOOD, ...more]);

  assert.deepEqual(verdictOf(build(FIRST, 'beta', 2)), [
    'built more than once: el default beta source 2 kernel 5.14.0-1.el9',
  ]);
  assert.deepEqual(verdictOf(build(FIRST, 'alpha', 1, 'built', 1)), [
    'built in vain: el default alpha source 1 kernel 5.14.0-1.el9',
  ]);
  // One that began beside the other could not know of it.
  assert.deepEqual(verdictOf(build(FIRST, 'alpha')), []);
  assert.deepEqual(verdictOf(build(FIRST, 'alpha', 2)), [
    'built in vain: el default alpha source 2 kernel 5.14.0-1.el9',
  ]);
  assert.deepEqual(verdictOf(build(BREAKING, 'beta', 1, 'failed')), [
    'tried more than once: el default beta source 1 kernel 5.14.0-3.el9',
  ]);
  assert.deepEqual(verdictOf(build(FIRST, 'beta', 0, 'failed')), [
    'tried in vain: el default beta source 0 kernel 5.14.0-1.el9',
  ]);
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
  const samples = [0, 50, 70, 100, 10, 20, 30, 40].map((files, day) => ({
    day,
    figures: { 'logs files': files, 'builds ended': day * 5 },
  }));
  const bound: GrowthBound = { what: 'logs files', unit: '', perDay: 0, because: 'test' };

  const [short] = judgeGrowth(samples.slice(-7), [bound]);
  const [strict, explained] = judgeGrowth(samples, [bound, { ...bound, per: { build: 2 } }]);

  assert.equal(short?.isTooMuch, false);
  assert.deepEqual([strict?.perDay, strict?.isTooMuch], [10, true]);
  assert.deepEqual([explained?.accepted, explained?.isTooMuch], [10, false]);
  assert.equal(fitSlope([[1, 1]]), 0);
});

test('judgeGrowth() holds nothing against what comes and goes, and all against what stays', () => {
  const judgeFigures = (...half: readonly number[]): boolean | undefined => {
    const samples = [0, 0, 0, 0, ...half].map((files, day) => ({ day, figures: { files } }));
    const bound: GrowthBound = { what: 'files', unit: '', perDay: 1, because: 'test' };
    return judgeGrowth(samples, [bound])[0]?.isTooMuch;
  };

  assert.equal(judgeFigures(4, 1, 9, 4), false);
  assert.equal(judgeFigures(4, 6, 9, 12), true);
  assert.equal(judgeFigures(4, 5, 6, 7), false);
});
