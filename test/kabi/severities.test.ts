import assert from 'node:assert/strict';
import test from 'node:test';
import { isTolerated, parseSeverities } from '../../kabi/severities.ts';
import { SeveritiesParseError } from '../../model/parse-errors.ts';
import { readFixtureText } from './fixtures.ts';

const RULES = parseSeverities(readFixtureText('stablelists/severities'));

test('parseSeverities() tells modules, namespaces and symbols apart', () => {
  assert.deepEqual(
    RULES.map((rule) => `${rule.subject} ${rule.isTolerated}`),
    [
      'module true',
      'module false',
      'module true',
      'module true',
      'symbol true',
      'symbol true',
      'symbol true',
      'module false',
      'namespace true',
    ],
  );
});

const CHANGES: readonly [symbol: string, module: string, namespace: string, expected: boolean][] = [
  ['anything', 'drivers/staging/rtl8723bs/r8723bs', '', true],
  ['nvme_fc_register', 'drivers/nvme/host/nvme-fc', '', false],
  ['nvme_init', 'drivers/nvme/host/nvme-core', '', true],
  ['airq_iv_create', 'vmlinux', '', true],
  ['get_dev_data', 'vmlinux', '', true],
  ['get_dev_data_too', 'vmlinux', '', false],
  ['__SCK__tp_func_x', 'vmlinux', '', true],
  ['__SCX__tp_func_x', 'vmlinux', '', false],
  ['dma_buf_get', 'drivers/dma-buf/dma-buf', 'DMA_BUF', true],
  // The rule for vmlinux comes first.
  ['dma_buf_get', 'vmlinux', 'DMA_BUF', false],
  ['DMA_BUF', 'lib/x', '', false],
  ['unknown', 'lib/x', '', false],
];
for (const [symbol, module, namespace, expected] of CHANGES) {
  const title = `${symbol} of ${module}${namespace && ` in ${namespace}`}`;
  test(`isTolerated() ${expected ? 'allows' : 'does not allow'} ${title}`, () => {
    assert.equal(isTolerated(RULES, { symbol, module, namespace }), expected);
  });
}

test('isTolerated() lets a single star match every symbol', () => {
  const rules = parseSeverities('* PASS');

  assert.ok(isTolerated(rules, { symbol: 'kfree', module: 'vmlinux', namespace: '' }));
});

test('parseSeverities() reads a file of comments as no rules', () => {
  assert.deepEqual(parseSeverities('# nothing\n\n   \n\t# here\n'), []);
  assert.equal(isTolerated([], { symbol: 'kfree', module: 'vmlinux', namespace: '' }), false);
});

const BAD: readonly [title: string, text: string, line: number, message: RegExp][] = [
  ['an unknown verdict', 'a PASS\nb MAYBE\n', 2, /PASS or FAIL, found "MAYBE"/],
  ['a missing verdict', '\n\na # PASS\n', 3, /PASS or FAIL, found ""/],
  ['a pattern that is too long', `${'a'.repeat(257)} PASS`, 1, /at most 256/],
  ['a pattern that is not ASCII', 'gr\u00fc\u00dfe PASS', 1, /ASCII/],
  ['too many rules', 'a PASS\n'.repeat(10_001), 10_001, /at most 10000 rules/],
  ['a file that is too long', ' '.repeat(1024 * 1024 + 1), 1, /characters/],
];
for (const [title, text, line, message] of BAD) {
  test(`parseSeverities() refuses ${title}`, () => {
    assert.throws(
      () => parseSeverities(text),
      (error) =>
        error instanceof SeveritiesParseError && error.line === line && message.test(error.message),
    );
  });
}
