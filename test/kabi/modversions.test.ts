import assert from 'node:assert/strict';
import test from 'node:test';
import { parseElf } from '../../kabi/elf.ts';
import { readVersions } from '../../kabi/modversions.ts';
import { type MadeSection, makeCrcs, makeElf, makeVersions } from '../../lab/fast/make-elf.ts';
import { ModuleParseError } from '../../model/parse-errors.ts';

const LE64 = { is64Bit: true, isLittleEndian: true };

function read(sections: readonly MadeSection[]) {
  return Object.fromEntries(readVersions(parseElf(makeElf({ ...LE64, sections, symbols: [] }))));
}

function basic(imports: readonly (readonly [string, number])[], flags = 2): MadeSection {
  return { name: '__versions', bytes: makeVersions(imports, LE64), flags };
}

/** As modpost writes them: a C string of names that end with NUL, hence a NUL more. */
function extended(imports: readonly (readonly [string, number])[]): readonly MadeSection[] {
  const names = imports.map(([name]) => `${name}\0`).join('');
  return [
    {
      name: '__version_ext_crcs',
      bytes: makeCrcs(
        imports.map(([, crc]) => crc),
        true,
      ),
    },
    { name: '__version_ext_names', bytes: Buffer.from(`${names}\0`) },
  ];
}

test('readVersions() reads extended modversions, whose names have any length', () => {
  const name = `_RNv${'x'.repeat(200)}`;

  const versions = read(
    extended([
      ['printk', 5],
      [name, 6],
    ]),
  );

  assert.deepEqual(versions, { printk: 5, [name]: 6 });
});

test('readVersions() reads both forms together, as modpost writes them', () => {
  const long = `_RNv${'x'.repeat(60)}`;
  const sections = [
    basic([['printk', 5]]),
    ...extended([
      ['printk', 5],
      [long, 6],
    ]),
  ];

  assert.deepEqual(read(sections), { printk: 5, [long]: 6 });
});

test('readVersions() finds none in a module without modversions', () => {
  assert.deepEqual(read([]), {});
  assert.deepEqual(read(extended([])), {});
});

test('readVersions() overlooks what modprobe --force hides from the loader', () => {
  assert.deepEqual(read([basic([['printk', 5]], 0)]), {});
});

const [crcs, names] = extended([['a', 1]]);
const BAD: readonly [title: string, sections: readonly (MadeSection | undefined)[], RegExp][] = [
  ['a cut table', [{ name: '__versions', bytes: new Uint8Array(65) }], /64-byte entries, found 65/],
  [
    'a name without end',
    [{ name: '__versions', bytes: new Uint8Array(64).fill(65) }],
    /terminated name/,
  ],
  ['an empty name', [basic([['', 1]])], /expected a symbol/],
  [
    'two CRCs of one import',
    [
      basic([
        ['a', 1],
        ['a', 2],
      ]),
    ],
    /one CRC of "a", found 1 and 2/,
  ],
  ['two forms that differ', [basic([['a', 2]]), crcs, names], /one CRC of "a", found 2 and 1/],
  ['CRCs without names', [crcs], /CRCs and names, found CRCs/],
  ['names without CRCs', [names], /CRCs and names, found names/],
  [
    'more CRCs than names',
    [{ name: '__version_ext_crcs', bytes: new Uint8Array(16) }, names],
    /expected a symbol|terminated name/,
  ],
];
for (const [title, sections, message] of BAD) {
  test(`readVersions() refuses ${title}`, () => {
    const present = sections.filter((section) => section !== undefined);

    assert.throws(
      () => read(present),
      (error) => error instanceof ModuleParseError && message.test(error.message),
    );
  });
}
