import assert from 'node:assert/strict';
import test from 'node:test';
import { parseSymvers } from '../../kabi/symvers.ts';
import { findSymversForm, type SymversForm, writeSymvers } from '../../kabi/write-symvers.ts';
import type { ModuleExport } from '../../model/kabi.ts';
import { moduleOf } from '../support/plan-facts.ts';
import { readFixtureText } from './fixtures.ts';
import { seededRandom } from './hostile.ts';

function write(exports: readonly ModuleExport[], form: SymversForm = 'namespace-last'): string {
  return writeSymvers([{ ...moduleOf('thinkpad_ec'), exports }], form);
}

test('writeSymvers() writes what modpost reads', () => {
  const text = write([
    { symbol: 'b_lock', crc: 0xb1c2d3e, isGplOnly: true },
    { symbol: 'a_open', crc: 0xffffffff, namespace: 'EC' },
  ]);

  assert.equal(
    text,
    '0xffffffff\ta_open\textra/thinkpad_ec\tEXPORT_SYMBOL\tEC\n' +
      '0x0b1c2d3e\tb_lock\textra/thinkpad_ec\tEXPORT_SYMBOL_GPL\t\n',
  );
});

const LINES: readonly [form: SymversForm, line: string][] = [
  ['no-namespace', '0x00000001\ta\textra/thinkpad_ec\tEXPORT_SYMBOL\n'],
  ['namespace-third', '0x00000001\ta\tNS\textra/thinkpad_ec\tEXPORT_SYMBOL\n'],
  ['namespace-last', '0x00000001\ta\textra/thinkpad_ec\tEXPORT_SYMBOL\tNS\n'],
];

for (const [form, line] of LINES) {
  test(`writeSymvers() writes as the kernel does: ${form}`, () => {
    assert.equal(write([{ symbol: 'a', crc: 1, namespace: 'NS' }], form), line);
    assert.equal(findSymversForm(line), form);
  });
}

test('findSymversForm() knows the form of a real kernel', () => {
  const text = readFixtureText('symvers/debian-6.1.0-54-amd64.symvers');

  assert.equal(findSymversForm(text), 'namespace-last');
});

test('writeSymvers() leaves out what would be no line, and the second of two exporters', () => {
  const text = writeSymvers(
    [
      {
        ...moduleOf('a'),
        exports: [
          { symbol: 'x\ty\n', crc: 1 },
          { symbol: 'x', crc: 1 },
        ],
      },
      { ...moduleOf('b'), exports: [{ symbol: 'x', crc: 2 }] },
    ],
    'namespace-last',
  );

  assert.equal(text, '0x00000001\tx\textra/a\tEXPORT_SYMBOL\t\n');
});

test('writeSymvers() writes what parseSymvers() reads back, in every form', () => {
  const random = seededRandom(7);
  for (let run = 0; run < 500; run += 1) {
    const exports = Array.from(
      { length: random(20) },
      (_, index): ModuleExport => ({
        symbol: `s${index}`,
        crc: random(2 ** 32),
        ...(random(2) === 0 ? { isGplOnly: true } : {}),
        ...(random(3) === 0 ? { namespace: 'NS' } : {}),
      }),
    );
    for (const [form] of LINES) {
      const read = parseSymvers(write(exports, form));

      assert.equal(read.size, exports.length);
      for (const { symbol, crc, isGplOnly, namespace = '' } of exports) {
        assert.deepEqual(read.get(symbol), {
          ...{ symbol, crc, module: 'extra/thinkpad_ec' },
          exportType: isGplOnly ? 'EXPORT_SYMBOL_GPL' : 'EXPORT_SYMBOL',
          namespace: form === 'no-namespace' ? '' : namespace,
        });
      }
    }
  }
});
