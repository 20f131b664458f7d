import assert from 'node:assert/strict';
import test from 'node:test';
import { readModuleFacts } from '../../kabi/module-facts.ts';
import { parseStablelist } from '../../kabi/stablelist.ts';
import { StablelistParseError } from '../../model/parse-errors.ts';
import { readFixture, readFixtureText } from './fixtures.ts';

test('parseStablelist() gives the same symbols for both forms of a list', () => {
  const listed = parseStablelist(readFixtureText('stablelists/kabi_stablelist_x86_64'));

  const { imports } = readModuleFacts(readFixture('modules/acpi_call.ko'));
  const symbols = imports.map(({ symbol }) => symbol).filter((name) => name !== 'module_layout');
  assert.deepEqual([...listed], symbols);
  assert.deepEqual(parseStablelist(readFixtureText('stablelists/Module.kabi_x86_64')), listed);
});

const TEXTS: readonly [title: string, text: string, symbols: readonly string[]][] = [
  ['an empty list', '[rhel9_x86_64_stablelist]\n', []],
  ["Oracle's list", '[ol10_x86_64_whitelist]\n\tBUG_func\n\tI_BDEV\n', ['BUG_func', 'I_BDEV']],
  ['several sections', '[a]\n\tone\n[b]\n\ttwo\n\tone\n', ['one', 'two']],
  ['a list without section', '\tkmalloc\n', ['kmalloc']],
  ['comments and blank lines', '# of 9.2\n\n[a]\n# next\n\tone\n', ['one']],
  ['blanks for the tab, and at the end', '    one \t\n', ['one']],
  [
    'rows of four columns',
    '0x1\tone\tvmlinux\tEXPORT_SYMBOL\n0x2\ttwo\tlib/crc8\t\n',
    ['one', 'two'],
  ],
  [
    'rows behind the range of releases',
    '#4-\n0x8469244c\t__alloc_pages\tvmlinux\tEXPORT_SYMBOL\t\n',
    ['__alloc_pages'],
  ],
  ['names that objects have', '\t__proto__\n\tconstructor\n', ['__proto__', 'constructor']],
];
for (const [title, text, symbols] of TEXTS) {
  test(`parseStablelist() reads ${title}`, () => {
    assert.deepEqual([...parseStablelist(text)], symbols);
  });
}

const BAD: readonly [title: string, text: string, line: number, message: RegExp][] = [
  ['a web page', '<!DOCTYPE html>\n', 1, /symbol behind a tab, found "<!DOCTYPE html>"/],
  ['a name without a tab', '[a]\none\n', 2, /found "one"/],
  ['two names on a line', '\tone two\n', 1, /found "\\tone two"/],
  ['rows within a list', '[a]\n\tone\n0x1\ttwo\tvmlinux\t\n', 3, /symbol behind a tab/],
  ['names within rows', '0x1\tone\tvmlinux\t\n\ttwo\n', 2, /a CRC, a symbol and a module/],
  ['a CRC that is not hexadecimal', '0xzz\tone\tvmlinux\n', 1, /a CRC/],
  ['a row that ends behind the symbol', '0x1\tone\n', 1, /a CRC/],
  ['a list that is cut', '[a]\n\tone\n\tkmalloc_cach', 3, /found the end of file/],
  ['a long line', `\t${'x'.repeat(5000)}\n`, 1, /at most 4096/],
  ['a name that is too long', `\t${'x'.repeat(513)}\n`, 1, /symbol behind a tab/],
  ['a name that is not ASCII', '\tgr\u00fc\u00dfe\n', 1, /symbol behind a tab/],
];
for (const [title, text, line, message] of BAD) {
  test(`parseStablelist() refuses ${title}`, () => {
    assert.throws(
      () => parseStablelist(text),
      (error) =>
        error instanceof StablelistParseError && error.line === line && message.test(error.message),
    );
  });
}
