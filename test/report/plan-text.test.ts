import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExportedSymbol, KabiDelta } from '../../model/kabi.ts';
import type { PlannedCell, RebuildPlan } from '../../model/plan.ts';
import type { Verdict } from '../../model/verdict.ts';
import { deltaToText } from '../../report/delta-text.ts';
import { planToText, summarizePlan } from '../../report/plan-text.ts';
import { COMPATIBLE, CRC_CHANGED, SYMBOL_LOST } from './sample-status.ts';

const release = '5.14.0-615.el9.x86_64';

function cell(kmod: string, verdict: Verdict, change: Partial<PlannedCell> = {}): PlannedCell {
  const key = { stream: 'centos-stream-9', kmod, release, arch: 'x86_64' };
  const digests = { sourceDigest: '0', inputDigest: '0', buildNumber: 1 };
  return { ...key, verdict, wave: 0, needs: [], required: false, ...digests, ...change };
}

function planOf(cells: readonly PlannedCell[]): RebuildPlan {
  const key = { stream: 'centos-stream-9', release, arch: 'x86_64' };
  return { ...key, target: 'centos-stream-9', repository: 'kmods', cells };
}

test('planToText() shows totals, waves and reasons', () => {
  const plan = planOf([
    cell('jool', SYMBOL_LOST, { expectedSeconds: 36 }),
    cell('v4l2loopback', COMPATIBLE, { required: true, expectedSeconds: 4 }),
    cell('zfs', CRC_CHANGED, { required: true, expectedSeconds: 120 }),
    cell(
      'jool-extras',
      { kind: 'rebuild', why: 'never-built' },
      {
        wave: 1,
        needs: ['jool'],
        needReasons: [
          { kmod: 'jool', from: 'build-requires', what: 'kmod-jool-devel' },
          { kmod: 'jool', from: 'symbols', what: 'jool_init' },
        ],
      },
    ),
    cell('old', { kind: 'excluded', why: 'kernel-too-new', limit: '5.14' }),
  ]);

  assert.equal(
    planToText(plan, { color: false, columns: 80 }),
    `Plan for 5.14.0-615.el9.x86_64 (centos-stream-9, x86_64)
1 of 5 kmods is kept, 3 are built, 1 is excluded, 1 of the builds is expected to fail, about 3 min, the time of 1 unknown

Wave 1
  jool  (about 36 s)
    broken: \`strlcpy\` is gone (used by jool), a build is tried but expected to
      fail
  zfs  (required, about 2 min)
    rebuild: 41 imported symbols changed their CRC since 5.14.0-611.el9.x86_64,
      first \`usb_register_driver\` (0x0b1c2d3e → 0x11223344, vmlinux)

Wave 2
  jool-extras
    rebuild: never built before
    needs jool (its build requires kmod-jool-devel)
    needs jool (it imports jool_init)

Not built
  v4l2loopback  (required)
    keep: all 231 imports resolve with the same CRC as in the build for
      5.14.0-610.el9.x86_64; the modules load as they are
  old
    excluded: the kernel is newer than 5.14, the newest that this kmod is built
      for
`,
  );
});

test('summarizePlan() reads as a sentence', () => {
  const kept = cell('a', COMPATIBLE);
  const built = cell('b', CRC_CHANGED, { expectedSeconds: 36 });

  assert.equal(
    summarizePlan(planOf([kept, kept, ...Array.from({ length: 5 }, () => built)])),
    '2 of 7 kmods are kept, 5 are built, about 3 min',
  );
  assert.equal(summarizePlan(planOf([kept])), '1 of 1 kmod is kept, none is built');
  assert.equal(
    summarizePlan(planOf([cell('a', { kind: 'rebuild', why: 'forced' })])),
    '0 of 1 kmod are kept, 1 is built, time unknown',
  );
  assert.equal(summarizePlan(planOf([])), 'No kmod is to be built for this kernel');
});

test('planToText() paints names by verdict, and cleans them', () => {
  const text = planToText(planOf([cell('a\u001b[2J', SYMBOL_LOST)]), { color: true, columns: 80 });

  assert.ok(text.includes('\u001b[31ma\\u{1b}[2J\u001b[0m'));
});

function symbol(name: string, change: Partial<ExportedSymbol> = {}): ExportedSymbol {
  const standard = { crc: 0x0b1c2d3e, module: 'vmlinux', namespace: '' };
  return { symbol: name, ...standard, exportType: 'EXPORT_SYMBOL', ...change };
}

const NO_DELTA: KabiDelta = {
  lost: [],
  added: [],
  crcChanged: [],
  gplTightened: [],
  namespaceChanged: [],
  gplRelaxed: [],
  moved: [],
};

const STYLE = { before: '6.1.0-53-amd64', after: '6.1.0-54-amd64', color: false };

test('deltaToText() shows counts, then each kind with before and after', () => {
  const change = (name: string, after: Partial<ExportedSymbol>) => ({
    symbol: name,
    before: symbol(name),
    after: symbol(name, after),
  });
  const delta: KabiDelta = {
    lost: [symbol('strlcpy')],
    crcChanged: [
      change('usb_register_driver', { crc: 0x11223344, module: 'drivers/usb/core/usbcore' }),
    ],
    gplTightened: [change('g', { exportType: 'EXPORT_SYMBOL_GPL' })],
    namespaceChanged: [change('n', { namespace: 'DMA_BUF' })],
    gplRelaxed: [],
    moved: [change('m', { module: 'lib/m' })],
    added: [symbol('new_one', { exportType: 'EXPORT_SYMBOL_GPL', namespace: 'CRYPTO' })],
  };

  assert.equal(
    deltaToText(delta, STYLE),
    `6.1.0-53-amd64 → 6.1.0-54-amd64
1 lost, 1 CRC changed, 1 now GPL only, 1 namespace changed, 1 moved to another module, 0 no longer GPL only, 1 added

lost (1)
  strlcpy  0x0b1c2d3e vmlinux EXPORT_SYMBOL

CRC changed (1)
  usb_register_driver  0x0b1c2d3e → 0x11223344 drivers/usb/core/usbcore

now GPL only (1)
  g  vmlinux

namespace changed (1)
  n  none → DMA_BUF

moved to another module (1)
  m  vmlinux → lib/m

added (1)
  new_one  0x0b1c2d3e vmlinux EXPORT_SYMBOL_GPL, namespace CRYPTO
`,
  );
});

test('deltaToText() says when nothing changed', () => {
  assert.equal(
    deltaToText(NO_DELTA, STYLE),
    '6.1.0-53-amd64 → 6.1.0-54-amd64\nThe same kABI: no module needs a rebuild\n',
  );
});

test('deltaToText() lists the first ten of each kind unless asked for all', () => {
  const added = Array.from({ length: 18_107 }, (_, index) => symbol(`s${index}`));

  const short = deltaToText({ ...NO_DELTA, added }, STYLE);
  const long = deltaToText({ ...NO_DELTA, added }, { ...STYLE, all: true });

  assert.match(short, /0 lost, .*18,107 added/);
  assert.match(short, / {2}s9 .*\n {2}… and 18,097 more \(--all lists them\)\n$/);
  assert.equal(long.split('\n').length, 18_107 + 5);
});
