import assert from 'node:assert/strict';
import test from 'node:test';
import type { KernelOffer, RepositoryPackage } from '../../model/kernel.ts';
import { sortFinds } from '../../plan/sort-finds.ts';
import { kernelOf } from '../support/plan-facts.ts';

function offerOf(release: string, { flavour = 'default', hasDevel = true } = {}): KernelOffer {
  const evr = { epoch: 0, version: '5.14.0', release };
  const core: RepositoryPackage = {
    name: 'kernel-core',
    arch: 'x86_64',
    ...evr,
    location: 'http://mirror.example.org/kernel.rpm',
    checksum: { type: 'sha256', value: '0'.repeat(64) },
    sizeBytes: 1,
    buildTimeSeconds: 0,
  };
  const base = { stream: 'lab', arch: 'x86_64', flavour, evr, core };
  return hasDevel ? { ...base, devel: core } : base;
}

test('sortFinds() names the kernels that are not taken because there are enough newer ones', () => {
  const offers = ['1.el9', '2.el9', '3.el9', '4.el9'].flatMap((release) => [
    offerOf(release),
    offerOf(release, { flavour: 'azure' }),
  ]);

  const finds = sortFinds({ offers, known: [kernelOf('5.14.0-1.el9')], keepKernels: 2 });

  assert.deepEqual(finds.surplus, ['5.14.0-1.el9', '5.14.0-2.el9']);
  assert.equal(finds.fresh.length, 4);
});

test('sortFinds() does not call surplus what is known, new, or waits for its kernel-devel', () => {
  const offers = [
    offerOf('1.el9'),
    offerOf('2.el9'),
    offerOf('3.el9'),
    offerOf('4.el9', { hasDevel: false }),
  ];

  const finds = sortFinds({ offers, known: [kernelOf('5.14.0-1.el9')], keepKernels: 2 });

  assert.deepEqual([finds.surplus, finds.waiting], [[], ['5.14.0-4.el9']]);
});

test('sortFinds() calls surplus what has no kernel-devel and would be too old with it', () => {
  const offers = [offerOf('1.el9', { hasDevel: false }), offerOf('2.el9'), offerOf('3.el9')];

  assert.deepEqual(sortFinds({ offers, known: [], keepKernels: 2 }).surplus, ['5.14.0-1.el9']);
});
