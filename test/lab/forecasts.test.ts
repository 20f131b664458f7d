import assert from 'node:assert/strict';
import test from 'node:test';
import type { KmodBuild } from '../../lab/truth/builds.ts';
import { makeForecasts, type TriedKernel } from '../../lab/truth/forecasts.ts';
import { type Crcs, moduleOf, symversOf } from '../support/plan-facts.ts';

function buildOf(builtFor: string, imports: Crcs, changes: Partial<KmodBuild> = {}): KmodBuild {
  const facts = moduleOf('jool', { imports });
  const modules = [{ file: '/b/jool.ko', sha256: '', facts }];
  return { kmod: 'jool', isNewer: false, builtFor, modules, ...changes };
}

function kernelOf(
  release: string,
  exported: Crcs,
  tried: Pick<TriedKernel, 'builds' | 'failed'>,
): TriedKernel {
  return {
    kernel: {
      release,
      series: '6.1',
      directory: '/k',
      symversFile: '/k/Module.symvers',
      symversDigest: '',
      symvers: symversOf(exported),
      vermagicFlags: [],
    },
    ...tried,
  };
}

const FIRST = kernelOf('1', { strlcpy: 1 }, { builds: [buildOf('1', { strlcpy: 1 })], failed: [] });
const FAILED = [{ kmod: 'jool', builtFor: '', firstError: 'implicit declaration of strlcpy' }];

test('makeForecasts() compares what was foretold with what the compiler said', () => {
  const changed = kernelOf(
    '2',
    { strlcpy: 2 },
    { builds: [buildOf('2', { strlcpy: 2 })], failed: [] },
  );
  const gone = kernelOf('3', {}, { builds: [], failed: FAILED });

  assert.deepEqual(makeForecasts([FIRST, changed, gone]), [
    { kmod: 'jool', builtFor: '1', kernel: '2', foretold: 'rebuild', lost: [] },
    {
      kmod: 'jool',
      builtFor: '2',
      kernel: '3',
      foretold: 'broken',
      lost: ['strlcpy'],
      firstError: 'implicit declaration of strlcpy',
    },
  ]);
});

test('makeForecasts() goes by builds of the same source alone', () => {
  const successor = buildOf('2', { strlcpy: 2 }, { isNewer: true });
  const second = kernelOf('2', {}, { builds: [successor], failed: FAILED });
  const third = kernelOf('3', {}, { builds: [], failed: FAILED });

  assert.deepEqual(
    makeForecasts([FIRST, second, third]).map(({ builtFor, kernel }) => [builtFor, kernel]),
    [
      ['1', '2'],
      ['1', '3'],
    ],
  );
});
