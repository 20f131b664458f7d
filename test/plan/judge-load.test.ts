import assert from 'node:assert/strict';
import test from 'node:test';
import type { BootReport, LoadTestReport, ModuleLoad } from '../../model/load-test.ts';
import { judgeLoad } from '../../plan/judge-load.ts';

const RELEASE = '6.1.0-55-amd64';
const LOADED: ModuleLoad = {
  kind: 'loaded',
  taint: 'OE',
  kernelTaint: '',
  removal: 'done',
  log: [],
};
const NO_DEVICE: ModuleLoad = { ...LOADED, accepted: 'ENODEV', taint: '' };
const REFUSED: ModuleLoad = { kind: 'refused', errno: 'EINVAL', sentences: ['no'] };

function needing(needs: string): ModuleLoad {
  return { kind: 'not-tried', why: `it needs ${needs}, which is not loaded`, needs };
}

type Modules = Readonly<Record<string, ModuleLoad>>;

function judge(modules: Modules, changes: Partial<BootReport> & { helpers?: Modules } = {}) {
  const { helpers = {}, ...boot } = changes;
  const toList = (loads: Modules, isUnderTest: boolean) =>
    Object.entries(loads).map(([name, load]) => ({ name, isUnderTest, load }));
  return judgeLoad({
    boot: {
      end: { kind: 'completed' },
      release: RELEASE,
      groups: [{ name: 'm', modules: [...toList(helpers, false), ...toList(modules, true)] }],
      ...boot,
    },
    release: RELEASE,
    accelerator: 'tcg',
    durationMs: 2300,
  });
}

function isGood(report: LoadTestReport): boolean {
  assert.ok(report.kind === 'tested', JSON.stringify(report));
  return report.isGood;
}

test('judgeLoad() tells what was loaded, with which modules of the kernel', () => {
  const helpers = { mc: LOADED, crc32c_intel: { ...REFUSED, errno: 'ENODEV' } };

  assert.deepEqual(judge({ v4l2loopback: LOADED }, { helpers }), {
    kind: 'tested',
    isGood: true,
    release: RELEASE,
    accelerator: 'tcg',
    durationMs: 2300,
    end: { kind: 'completed' },
    modules: [{ name: 'v4l2loopback', load: LOADED }],
    moduleCount: 1,
    helpers: ['mc', 'crc32c_intel'],
    refusedHelpers: ['crc32c_intel (ENODEV)'],
  });
});

const CASES: readonly [what: string, modules: Modules, isGood: boolean][] = [
  ['one that is loaded', { a: LOADED }, true],
  ['one that cannot be removed', { a: { ...LOADED, removal: 'refused' } }, true],
  ['one that found no device', { a: NO_DEVICE }, true],
  ['what needs one that found no device', { a: NO_DEVICE, b: needing('a'), c: needing('b') }, true],
  ['what needs one that was refused', { a: REFUSED, b: needing('a') }, false],
  ['what needs one that nobody knows', { b: needing('x') }, false],
  ['what was not tried for another reason', { a: { kind: 'not-tried', why: 'crashed' } }, false],
  ['one that is refused beside good ones', { a: LOADED, b: REFUSED }, false],
  ['one that was loaded by force', { a: { ...LOADED, taint: 'FOE' } }, false],
  ['nothing at all', {}, false],
];
for (const [what, modules, expected] of CASES) {
  test(`judgeLoad() calls ${expected ? 'good' : 'bad'}: ${what}`, () => {
    assert.equal(isGood(judge(modules)), expected);
  });
}

test('judgeLoad() calls bad what crashed or hung, though all were loaded', () => {
  const during = { group: 'm', module: 'a', step: 'remove' } as const;
  const crashed = { kind: 'crashed', firstLine: 'BUG: x', log: ['BUG: x'], during } as const;
  const hung = { kind: 'hung', detail: 'no step ended within 60 s', log: [], during } as const;

  for (const end of [crashed, hung]) {
    const report = judge({ a: LOADED }, { end });
    assert.equal(isGood(report), false);
    assert.ok(report.kind === 'tested');
    assert.deepEqual(report.end, end);
  }
});

test('judgeLoad() knows nothing when the kernel did not boot, or another one did', () => {
  const end = { kind: 'no-boot', detail: 'silence', log: ['Linux', 'VFS: no root'] } as const;

  assert.deepEqual(judge({ a: LOADED }, { end }), {
    kind: 'not-tested',
    why: 'the kernel did not boot in QEMU: silence, its last words: VFS: no root',
  });
  assert.deepEqual(judge({ a: LOADED }, { release: '6.1.0-54-amd64' }), {
    kind: 'not-tested',
    why: 'expected kernel 6.1.0-55-amd64 to boot, found 6.1.0-54-amd64',
  });
});

test('judgeLoad() keeps a report small, and the bad modules in it', () => {
  const sentences = Array.from({ length: 40 }, () => 'x'.repeat(300));
  const many = Object.fromEntries(
    Array.from({ length: 300 }, (_, at) => [`m${at}`, { ...LOADED, log: sentences }]),
  );

  const report = judge({ ...many, bad: { kind: 'refused', errno: 'EINVAL', sentences } });

  assert.ok(report.kind === 'tested');
  assert.equal(report.moduleCount, 301);
  assert.equal(report.modules.length, 60);
  assert.equal(report.modules[0]?.name, 'bad');
  assert.equal(
    report.modules[0].load.kind === 'refused' && report.modules[0].load.sentences.length,
    8,
  );
  assert.ok(JSON.stringify(report).length < 30_000);
});
