import assert from 'node:assert/strict';
import test from 'node:test';
import type { KernelOffer, RepositoryPackage } from '../../model/kernel.ts';
import { sortFinds } from '../../plan/sort-finds.ts';
import { kernelOf } from '../support/plan-facts.ts';

const EVR = /^([^-]+)-(.+)$/;

/** An offer of the kernel `6.1.0-<release>`; with `+` it has its kernel-devel. */
function offerOf(text: string): KernelOffer {
  const release = text.replace('+', '');
  const core: RepositoryPackage = {
    ...{ name: 'kernel-core', arch: 'x86_64', epoch: 0, version: '6.1.0', release },
    ...{ location: 'x', checksum: { type: 'sha256', value: '00' }, sizeBytes: 1 },
    buildTimeSeconds: 0,
  };
  const offer = { stream: 'lab', arch: 'x86_64', flavour: 'default', core };
  const evr = { epoch: 0, version: '6.1.0', release };
  return { ...offer, evr, ...(text.endsWith('+') ? { devel: core } : {}) };
}

function sort(offers: readonly string[], known: readonly string[] = [], keepKernels = 2) {
  const kernels = known.map((release) => kernelOf(`6.1.0-${release}`));
  const finds = sortFinds({ offers: offers.map(offerOf), known: kernels, keepKernels });
  return {
    fresh: finds.fresh.map(({ evr }) => evr.release),
    waiting: finds.waiting.map((evr) => EVR.exec(evr)?.[2]),
    gone: finds.gone,
    withdrawn: finds.withdrawn,
  };
}

const NOTHING = { gone: [], withdrawn: [] };

test('sortFinds() lets a kernel without kernel-devel take the place of none that has it', () => {
  assert.deepEqual(sort(['1+', '2+', '3', '4+', '5']), {
    ...{ fresh: ['2', '4'], waiting: ['3', '5'] },
    ...NOTHING,
  });
});

test('sortFinds() takes a kernel whose kernel-devel came, and waits for none that is too old', () => {
  assert.deepEqual(sort(['1', '2+', '3+', '4+'], ['2', '3']), {
    ...{ fresh: ['4'], waiting: [] },
    ...NOTHING,
  });
});

test('sortFinds() waits for no kernel-devel that is in the store already', () => {
  assert.deepEqual(sort(['1', '2'], ['1', '2']), { ...{ fresh: [], waiting: [] }, ...NOTHING });
});

test('sortFinds() tells kernels that are gone from those that were withdrawn', () => {
  const { gone, withdrawn } = sort(['2+'], ['1', '2', '3']);

  assert.deepEqual(gone, ['6.1.0-1.x86_64', '6.1.0-3.x86_64']);
  assert.deepEqual(withdrawn, ['6.1.0-3.x86_64']);
});
