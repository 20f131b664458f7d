import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { RepodataParseError } from '../../model/parse-errors.ts';
import type { PackageDependencies } from '../../rpm/header.ts';
import { formatNevra } from '../../rpm/nevra.ts';
import { createPrimaryParser, type PrimaryParserOptions } from '../../rpm/primary.ts';
import { concernsKernel } from '../../rpm/symbol-dependencies.ts';
import { readFixture } from '../kabi/fixtures.ts';
import { assertParsesOrThrows, hostileVariants, latin1 } from '../kabi/hostile.ts';

const REAL = gunzipSync(readFixture('repodata/primary.xml.gz')).toString();

/** Parses in pieces; gives each wanted package's dependencies by its name. */
function parse(
  xml: string,
  options: Partial<PrimaryParserOptions> = { wantsDependency: concernsKernel },
): ReadonlyMap<string, PackageDependencies> {
  const found = new Map<string, PackageDependencies>();
  const parser = createPrimaryParser({
    isWanted: () => true,
    onPackage: (one, dependencies) => found.set(formatNevra(one), dependencies),
    ...options,
  });
  for (let at = 0; at < xml.length; at += 1000) parser.write(xml.slice(at, at + 1000));
  parser.close();
  return found;
}

test('createPrimaryParser() hands out the dependencies that are asked for, as a header has them', () => {
  const { requires, provides } =
    parse(REAL, { wantsDependency: () => true }).get('kernel-core-6.1.0-54.el9.x86_64') ?? {};

  assert.deepEqual(requires, [
    { name: '(linux-firmware >= 20240101 if linux-firmware)', op: '', version: '' },
    { name: 'dracut', op: '>=', version: '027' },
  ]);
  assert.deepEqual(provides, [
    { name: 'kernel(module_layout)', op: '=', version: '0xbce1a965' },
    { name: 'kernel-core', op: '=', version: '6.1.0-54.el9' },
    { name: 'kernel-core(x86-64)', op: '=', version: '6.1.0-54.el9' },
    { name: 'kernel-uname-r', op: '=', version: '6.1.0-54.el9.x86_64' },
  ]);
});

test('createPrimaryParser() keeps only dependencies that are wanted, and none unasked', () => {
  const name = 'kernel-core-6.1.0-55.el9.x86_64';

  assert.deepEqual(parse(REAL).get(name)?.requires, []);
  assert.equal(parse(REAL).get(name)?.provides.length, 4);
  assert.deepEqual(parse(REAL, {}).get(name), { requires: [], provides: [] });
});

test('createPrimaryParser() writes an epoch, and knows every operator', () => {
  const flags = ['EQ', 'LT', 'LE', 'GT', 'GE', 'XX'];
  const entries = flags.map(
    (flag) => `<rpm:entry name="kernel" flags="${flag}" epoch="2" ver="5.14.0" rel="1"/>`,
  );

  const [found] = parse(makePrimary([makePackage({ requires: entries.join('') })])).values();

  assert.deepEqual(
    found?.requires.map(({ op, version }) => `${op} ${version}`),
    ['= 2:5.14.0-1', '< 2:5.14.0-1', '<= 2:5.14.0-1', '> 2:5.14.0-1', '>= 2:5.14.0-1', ' '],
  );
});

test('createPrimaryParser() never gives one package the dependencies of another', () => {
  const entry = '<rpm:entry name="kernel(printk)" flags="EQ" epoch="0" ver="0x1"/>';
  const unwanted = `<package type="rpm"><format><rpm:requires>${entry}</rpm:requires></format>
    <name>unwanted</name><arch>x86_64</arch></package>`;
  const source = makePackage({ requires: entry }).replace('type="rpm"', 'type="odd"');

  const found = parse(makePrimary([unwanted, source, makePackage({})]), {
    isWanted: (name) => name === 'kmod-a',
    wantsDependency: concernsKernel,
  });

  assert.deepEqual([...found.values()], [{ requires: [], provides: [] }]);
});

test('createPrimaryParser() reads entries nowhere but in lists of requires and provides', () => {
  const entry = '<rpm:entry name="kernel(printk)" flags="EQ" epoch="0" ver="0x1"/>';
  const one = makePackage({ rest: `<rpm:conflicts>${entry}</rpm:conflicts>${entry}` });

  const [found] = parse(makePrimary([one])).values();

  assert.deepEqual(found, { requires: [], provides: [] });
});

const LONG = 'x'.repeat(5000);
const BAD: readonly [title: string, entry: string, count: number][] = [
  ['a name without bounds', `<rpm:entry name="kernel(${LONG})"/>`, 1],
  ['a version without bounds', `<rpm:entry name="kernel" flags="EQ" ver="${LONG}"/>`, 1],
  ['more dependencies than a kernel has', '<rpm:entry name="kernel"/>', 1_000_001],
  ['more text than memory', `<rpm:entry name="kernel(${'x'.repeat(4000)})"/>`, 17_000],
];
for (const [title, entry, count] of BAD) {
  test(`createPrimaryParser() refuses ${title}`, () => {
    const parser = createPrimaryParser({
      isWanted: () => true,
      onPackage: () => assert.fail('it was handed out'),
      wantsDependency: concernsKernel,
    });
    const [start = '', end = ''] = makePrimary([makePackage({ requires: '\n' })]).split('\n');

    assert.throws(() => {
      parser.write(start);
      for (let i = 0; i < count; i += 1) parser.write(entry);
      parser.write(end);
    }, RepodataParseError);
  });
}

test('createPrimaryParser() with dependencies parses or throws its own error, whatever comes', () => {
  const start = REAL.indexOf('<package');
  const one = REAL.slice(start, REAL.indexOf('</package>') + 10);
  const bytes = Buffer.from(makePrimary([one]));

  for (const variant of hostileVariants(bytes, { flipCount: 1000, prefixStep: 3 })) {
    assertParsesOrThrows(() => parse(latin1(variant)), RepodataParseError);
  }
});

function makePrimary(packages: readonly string[]): string {
  return `<metadata packages="${packages.length}">${packages.join('')}</metadata>`;
}

function makePackage({ requires = '', rest = '' }: { requires?: string; rest?: string }): string {
  const list = `<rpm:requires>${requires}</rpm:requires>${rest}`;
  return `<package type="rpm"><name>kmod-a</name><arch>x86_64</arch><version epoch="0" ver="6.1" rel="1"/><checksum type="sha256" pkgid="YES">${'ab'.repeat(32)}</checksum><time file="1" build="2"/><size package="3" installed="4" archive="5"/><location href="a.rpm"/><format>${list}</format></package>`;
}
