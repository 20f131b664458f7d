import assert from 'node:assert/strict';
import test from 'node:test';
import type { CellOutcome } from '../../model/cell.ts';
import type { LoadTestReport } from '../../model/load-test.ts';
import { listLoadTestFacts } from '../../report/load-test-facts.ts';

const GOOD: LoadTestReport = {
  kind: 'tested',
  isGood: true,
  release: '6.1.0-55-amd64',
  accelerator: 'tcg',
  durationMs: 2300,
  end: { kind: 'completed' },
  modules: [],
  moduleCount: 3,
  helpers: ['x_tables', 'crc32c_intel'],
  refusedHelpers: ['crc32c_intel (ENODEV)'],
};

function failedWith(loadTest: LoadTestReport): CellOutcome {
  return { kind: 'failed', step: 'load', reason: 'no', durationMs: 1, loadTest };
}

test('listLoadTestFacts() tells how the test was made', () => {
  assert.deepEqual(listLoadTestFacts(failedWith(GOOD)), [
    {
      label: 'load test',
      text: '3 modules in 6.1.0-55-amd64, with x_tables, crc32c_intel, of which it refused crc32c_intel (ENODEV); emulated, 2 s',
    },
  ]);
});

test('listLoadTestFacts() gives the words of a kernel that crashed, at most six lines', () => {
  const log = Array.from({ length: 30 }, (_, at) => `line ${at}\u001b[31m`);
  const end = { kind: 'crashed', firstLine: 'line 0', log, during: { step: 'wait' } } as const;

  const facts = listLoadTestFacts(failedWith({ ...GOOD, isGood: false, end }));

  assert.equal(facts.length, 7);
  assert.deepEqual(facts[1], { label: 'kernel', text: 'line 0\\u{1b}[31m' });
});

test('listLoadTestFacts() gives the words about the first module that was refused', () => {
  const load = { kind: 'refused', errno: 'ENOENT', sentences: ['a: Unknown symbol'] } as const;
  const report: LoadTestReport = { ...GOOD, isGood: false, modules: [{ name: 'a', load }] };

  assert.deepEqual(listLoadTestFacts(failedWith(report))[1], {
    label: 'kernel',
    text: 'a: Unknown symbol',
  });
});

test('listLoadTestFacts() has nothing to tell where there was no test', () => {
  const none: readonly (CellOutcome | undefined)[] = [
    undefined,
    { kind: 'kept' },
    { kind: 'failed', step: 'build', reason: 'no', durationMs: 1 },
    failedWith({ kind: 'not-tested', why: 'no QEMU' }),
  ];

  for (const outcome of none) assert.deepEqual(listLoadTestFacts(outcome), []);
});
