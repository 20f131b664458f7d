import assert from 'node:assert/strict';
import test from 'node:test';
import { parseSymvers } from '../../kabi/symvers.ts';
import { SymversParseError } from '../../model/parse-errors.ts';
import { readFixtureText } from './fixtures.ts';

const DEBIAN = 'symvers/debian-6.1.0-54-amd64.symvers';

test('parseSymvers() reads the five columns of a Debian kernel', () => {
  const text = readFixtureText(DEBIAN);

  const symbols = parseSymvers(text);

  assert.equal(symbols.size, text.split('\n').length - 1);
  assert.deepEqual(symbols.get('dma_buf_export'), {
    symbol: 'dma_buf_export',
    crc: 0x0aa99da8,
    module: 'vmlinux',
    exportType: 'EXPORT_SYMBOL_GPL',
    namespace: 'DMA_BUF',
  });
});

test('parseSymvers() reads the four columns of kernels before 5.4', () => {
  const symbols = parseSymvers(readFixtureText('symvers/made-four-columns.symvers'));

  assert.equal(symbols.size, 26);
  assert.ok([...symbols.values()].every((symbol) => symbol.namespace === ''));
});

const LINES: readonly [title: string, line: string, expected: object][] = [
  [
    'a trailing tab as no namespace',
    '0xbce1a965\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t',
    { crc: 0xbce1a965, module: 'vmlinux', exportType: 'EXPORT_SYMBOL', namespace: '' },
  ],
  [
    'many trailing tabs as no namespace',
    '0x1\tx\tvmlinux\tEXPORT_SYMBOL_GPL\t\t\t\t',
    { exportType: 'EXPORT_SYMBOL_GPL', namespace: '' },
  ],
  [
    'trailing tabs behind a namespace',
    '0x1\tx\tvmlinux\tEXPORT_SYMBOL\tDMA_BUF\t\t',
    { namespace: 'DMA_BUF' },
  ],
  [
    'a namespace for named modules',
    '0x1\tx\tvmlinux\tEXPORT_SYMBOL_GPL\tmodule:kvm-*,vhost',
    { namespace: 'module:kvm-*,vhost' },
  ],
  ['a CRC of 0', '0x00000000\tx\tvmlinux\tEXPORT_SYMBOL\t', { crc: 0 }],
  ['a CRC above 2^31', '0xffffffff\tx\tvmlinux\tEXPORT_SYMBOL', { crc: 0xffffffff }],
  [
    "5.4's order with a namespace",
    '0x1\tusb_x\tUSB_STORAGE\tdrivers/usb/storage/usb-storage\tEXPORT_SYMBOL_GPL',
    {
      module: 'drivers/usb/storage/usb-storage',
      namespace: 'USB_STORAGE',
      exportType: 'EXPORT_SYMBOL_GPL',
    },
  ],
  [
    "5.4's order without one",
    '0x1\tx\t\tvmlinux\tEXPORT_SYMBOL',
    { module: 'vmlinux', namespace: '' },
  ],
  [
    "5.4's order with trailing tabs",
    '0x1\tx\tUSB_STORAGE\tdrivers/usb/storage/uas\tEXPORT_SYMBOL\t\t',
    { module: 'drivers/usb/storage/uas', namespace: 'USB_STORAGE' },
  ],
  [
    'a namespace that looks like an export type',
    '0x1\tx\tvmlinux\tEXPORT_SYMBOL\tEXPORT_TEST',
    { exportType: 'EXPORT_SYMBOL', namespace: 'EXPORT_TEST' },
  ],
  ['unused exports', '0x1\tx\tvmlinux\tEXPORT_UNUSED_SYMBOL', { exportType: 'EXPORT_SYMBOL' }],
  [
    'unused GPL exports',
    '0x1\tx\tvmlinux\tEXPORT_UNUSED_SYMBOL_GPL',
    { exportType: 'EXPORT_SYMBOL_GPL' },
  ],
  [
    'future GPL exports as given to all',
    '0x1\tx\tvmlinux\tEXPORT_SYMBOL_GPL_FUTURE',
    { exportType: 'EXPORT_SYMBOL' },
  ],
  [
    'symbols named like properties of objects',
    '0x1\t__proto__\tvmlinux\tEXPORT_SYMBOL',
    { symbol: '__proto__' },
  ],
];
for (const [title, line, expected] of LINES) {
  test(`parseSymvers() reads ${title}`, () => {
    const [found] = parseSymvers(`${line}\n`).values();

    assert.deepEqual({ ...found, ...expected }, found);
  });
}

const GOOD = '0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\n';
const BAD_LINES: readonly [title: string, text: string, line: number, message: RegExp][] = [
  ['a CRC that is not hexadecimal', `${GOOD}0xzz\tb\tvmlinux\tEXPORT_SYMBOL\n`, 2, /"0xzz"/],
  ['a CRC of more than 32 bits', '0x123456789\tb\tvmlinux\tEXPORT_SYMBOL\n', 1, /0x123456789/],
  ['a CRC without 0x', '13d0adf7\tb\tvmlinux\tEXPORT_SYMBOL\n', 1, /13d0adf7/],
  ['three fields', `${GOOD}${GOOD}0x1\tb\tvmlinux\n`, 3, /4 or 5 tab-separated fields, found 3/],
  ['six fields', '0x1\tb\tvmlinux\tEXPORT_SYMBOL\tNS\tx\n', 1, /found more/],
  ['only tabs', `${GOOD}\t\t\t\t\n`, 2, /found 1/],
  ['an empty export type', '0x1\tb\tvmlinux\t\t\n', 1, /found 3/],
  ['an empty line', `${GOOD}\n${GOOD}`, 2, /found 1/],
  ['an unknown export type', '0x1\tb\tvmlinux\tEXPORT_WHATEVER\t\n', 1, /"EXPORT_WHATEVER"/],
  ['an unresolved export type', '0x1\tb\tvmlinux\t(unknown)\t\n', 1, /unknown/],
  ['an empty symbol', '0x1\t\tvmlinux\tEXPORT_SYMBOL\t\n', 1, /expected a symbol/],
  ['an empty module', '0x1\tb\t\tEXPORT_SYMBOL\t\n', 1, /expected a module/],
  ['Windows line ends', '0x1\tb\tvmlinux\tEXPORT_SYMBOL\t\r\n', 1, /namespace, found "\\r"/],
  ['a last line that is cut', '0x1\tb\tvmlinux\tEXPORT_SYMBOL\tDMA_B', 1, /found the end of file/],
  ['contradicting lines', `${GOOD}0x2\ta\tvmlinux\tEXPORT_SYMBOL\t\n`, 2, /"a" twice/],
  ['a line without end', `0x1\t${'b'.repeat(5000)}\tvmlinux\tEXPORT_SYMBOL\n`, 1, /4096/],
];
for (const [title, text, line, message] of BAD_LINES) {
  test(`parseSymvers() refuses ${title}`, () => {
    assert.throws(
      () => parseSymvers(text),
      (error) =>
        error instanceof SymversParseError && error.line === line && message.test(error.message),
    );
  });
}

test('parseSymvers() takes an empty text and repeated lines', () => {
  assert.equal(parseSymvers('').size, 0);
  assert.equal(parseSymvers(GOOD + GOOD).size, 1);
});
