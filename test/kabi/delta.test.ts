import assert from 'node:assert/strict';
import test from 'node:test';
import { diffSymvers } from '../../kabi/delta.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import { readFixtureText } from './fixtures.ts';

const before = parseSymvers(readFixtureText('symvers/debian-6.1.0-54-amd64.symvers'));
const after = parseSymvers(readFixtureText('symvers/debian-6.1.0-55-amd64.symvers'));

test('diffSymvers() finds what Debian lost, added and changed from 54 to 55', () => {
  const delta = diffSymvers(before, after);

  assert.equal(delta.lost.length, 9);
  assert.equal(delta.added.length, 28);
  assert.ok(delta.crcChanged.some((change) => change.symbol === 'module_layout'));
  assert.ok(delta.crcChanged.every((change) => change.before.crc !== change.after.crc));
});

test('diffSymvers() sorts every list by symbol', () => {
  for (const list of Object.values(diffSymvers(before, after))) {
    const symbols = list.map((entry: { readonly symbol: string }) => entry.symbol);

    assert.deepEqual(symbols, [...symbols].sort());
  }
});

test('diffSymvers() finds nothing between equal kernels', () => {
  const same = parseSymvers(readFixtureText('symvers/debian-6.1.0-54-amd64.symvers'));

  for (const list of Object.values(diffSymvers(before, same))) assert.deepEqual(list, []);
});

const CHANGES: readonly [list: string, before: string, after: string][] = [
  ['crcChanged', '0x1\ta\tvmlinux\tEXPORT_SYMBOL\t', '0x2\ta\tvmlinux\tEXPORT_SYMBOL\t'],
  ['crcChanged', '0x1\ta\tvmlinux\tEXPORT_SYMBOL\t', '0x0\ta\tvmlinux\tEXPORT_SYMBOL\t'],
  ['gplTightened', '0x1\ta\tvmlinux\tEXPORT_SYMBOL\t', '0x1\ta\tvmlinux\tEXPORT_SYMBOL_GPL\t'],
  ['namespaceChanged', '0x1\ta\tvmlinux\tEXPORT_SYMBOL\t', '0x1\ta\tvmlinux\tEXPORT_SYMBOL\tN'],
  ['moved', '0x1\ta\tvmlinux\tEXPORT_SYMBOL\t', '0x1\ta\tlib/crc8\tEXPORT_SYMBOL\t'],
];
for (const [list, one, other] of CHANGES) {
  test(`diffSymvers() puts ${JSON.stringify(other)} into ${list} alone`, () => {
    const delta = diffSymvers(parseSymvers(`${one}\n`), parseSymvers(`${other}\n`));

    const filled = Object.entries(delta).filter(([, entries]) => entries.length > 0);
    assert.deepEqual(
      filled.map(([name]) => name),
      [list],
    );
  });
}

test('diffSymvers() tells a loosened licence from a tightened one', () => {
  const delta = diffSymvers(
    parseSymvers('0x1\ta\tvmlinux\tEXPORT_SYMBOL_GPL\t\n'),
    parseSymvers('0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\n'),
  );

  const { gplRelaxed, ...others } = delta;
  assert.deepEqual(
    gplRelaxed.map(({ symbol }) => symbol),
    ['a'],
  );
  assert.ok(Object.values(others).every((list) => list.length === 0));
});
