import assert from 'node:assert/strict';
import test from 'node:test';
import type { LoadTestReport, ModuleLoad } from '../../model/load-test.ts';
import { describeLoadTest } from '../../report/describe-load-test.ts';

type Tested = Extract<LoadTestReport, { readonly kind: 'tested' }>;

const LOADED: ModuleLoad = {
  kind: 'loaded',
  taint: 'OE',
  kernelTaint: '',
  removal: 'done',
  log: [],
};

function refused(...sentences: readonly string[]): ModuleLoad {
  return { kind: 'refused', errno: 'EINVAL', sentences };
}

function tested(
  modules: Readonly<Record<string, ModuleLoad>>,
  changes: Partial<Tested> = {},
): Tested {
  const list = Object.entries(modules).map(([name, load]) => ({ name, load }));
  return {
    kind: 'tested',
    isGood: list.every(({ load }) => load.kind !== 'refused'),
    release: '6.1.0-55-amd64',
    accelerator: 'tcg',
    durationMs: 2300,
    end: { kind: 'completed' },
    modules: list,
    moduleCount: list.length,
    helpers: [],
    refusedHelpers: [],
    ...changes,
  };
}

function ended(kind: 'crashed' | 'hung', step: 'insert' | 'remove' | 'wait'): Tested {
  const during = step === 'wait' ? { step } : ({ module: 'jool', step } as const);
  const end =
    kind === 'crashed'
      ? ({ kind, firstLine: 'BUG: kernel NULL pointer dereference', log: [], during } as const)
      : ({ kind, detail: 'no step ended within 60 s', log: [], during } as const);
  return tested({ jool: { kind: 'unfinished' } }, { isGood: false, end });
}

const CASES: readonly [report: LoadTestReport, expected: string][] = [
  [tested({ jool: LOADED }), 'loaded in the real kernel'],
  [tested({ a: LOADED, b: LOADED }), 'all 2 modules loaded in the real kernel'],
  [
    tested({
      thinkpad_ec: { ...LOADED, accepted: 'ENODEV' },
      tp_smapi: { kind: 'not-tried', why: 'it needs thinkpad_ec, …', needs: 'thinkpad_ec' },
    }),
    'all 2 modules loaded in the real kernel, as far as one can without the device of thinkpad_ec, tp_smapi',
  ],
  [
    tested({ a: { ...LOADED, kernelTaint: 'W' } }),
    'loaded in the real kernel; it warned because of a',
  ],
  [
    tested({ jool: refused('starts', 'jool: disagrees about version of symbol x', 'ends') }),
    'the kernel refused jool (EINVAL): jool: disagrees about version of symbol x',
  ],
  [
    tested({ jool: refused('no memory for tables', 'giving up'), b: refused(), c: refused() }),
    'the kernel refused jool (EINVAL): giving up; and 2 more modules',
  ],
  [tested({ jool: refused() }), 'the kernel refused jool (EINVAL): without a word'],
  [
    tested({ jool: { ...LOADED, taint: 'FOE' } }, { isGood: false }),
    'the kernel loaded jool only by force: it has no CRCs or no vermagic',
  ],
  [
    tested(
      { jool: { kind: 'not-tried', why: 'it needs x, which is not loaded' } },
      { isGood: false },
    ),
    'jool was not loaded in the real kernel: it needs x, which is not loaded',
  ],
  [
    ended('crashed', 'insert'),
    'the kernel crashed while loading jool: BUG: kernel NULL pointer dereference',
  ],
  [
    ended('crashed', 'wait'),
    'the kernel crashed soon after the modules were loaded or removed: BUG: kernel NULL pointer dereference',
  ],
  [ended('hung', 'insert'), 'the kernel hung while loading jool: no step ended within 60 s'],
  [ended('hung', 'remove'), 'the kernel hung while removing jool: no step ended within 60 s'],
  [{ kind: 'not-tested', why: 'no QEMU' }, 'not tested in the real kernel: no QEMU'],
];
for (const [report, expected] of CASES) {
  test(`describeLoadTest() says: ${expected}`, () => {
    assert.equal(describeLoadTest(report), expected);
  });
}

test('describeLoadTest() shows nothing of a hostile module as it is', () => {
  const text = describeLoadTest(
    tested({ [`x\u202e${'y'.repeat(200)}`]: refused(`\u001b[31m${'z'.repeat(5000)}`) }),
  );

  assert.ok(text.length < 400, text);
  assert.ok(!text.includes('\u001b') && !text.includes('\u202e'));
});
