import assert from 'node:assert/strict';
import test from 'node:test';
import { RepodataParseError } from '../../model/parse-errors.ts';
import { parsePackageEntry, relocatePackage } from '../../rpm/package-entry.ts';
import { createPrimaryParser } from '../../rpm/primary.ts';

const ENTRY = `<package type="rpm">
  <name>kernel-core</name>
  <arch>x86_64</arch>
  <version epoch="0" ver="5.14.0" rel="611.el9"/>
  <checksum type="sha256" pkgid="YES">${'ab'.repeat(32)}</checksum>
  <summary>The &lt;location href="x"&gt; of it</summary>
  <time file="1" build="2"/>
  <size package="123" installed="456" archive="789"/>
  <location href="Packages/k/kernel-core.rpm"/>
  <format>
    <rpm:sourcerpm>kernel-5.14.0-611.el9.src.rpm</rpm:sourcerpm>
    <rpm:provides><rpm:entry name="name"/></rpm:provides>
  </format>
</package>`;

test('parsePackageEntry() reads what tells a package', () => {
  assert.deepEqual(parsePackageEntry(ENTRY), {
    name: 'kernel-core',
    arch: 'x86_64',
    epoch: 0,
    version: '5.14.0',
    release: '611.el9',
    checksum: { type: 'sha256', value: 'ab'.repeat(32) },
    location: 'Packages/k/kernel-core.rpm',
    sizeBytes: 123,
    sourceRpm: 'kernel-5.14.0-611.el9.src.rpm',
  });
});

test('parsePackageEntry() tells of a package without source that it has none', () => {
  const text = ENTRY.replace(/<rpm:sourcerpm>.*<\/rpm:sourcerpm>/, '<rpm:sourcerpm/>');

  assert.equal('sourceRpm' in parsePackageEntry(text), false);
});

const REFUSED: readonly (readonly [string, string])[] = [
  ['a comment', ENTRY.replace('<name>', '<!-- x --><name>')],
  ['CDATA', ENTRY.replace('<name>', '<summary><![CDATA[<location href="y"/>]]></summary><name>')],
  ['two locations', ENTRY.replace('<format>', '<location href="y.rpm"/><format>')],
  ['a location outside', ENTRY.replace('Packages/k/', '../')],
  ['a base of its own', ENTRY.replace('<location ', '<location xml:base="http://x/" ')],
  ['no name', ENTRY.replace('<name>kernel-core</name>', '')],
  ['a package in a package', ENTRY.replace('<format>', '<package type="rpm"><format>')],
  ['one that is cut', ENTRY.slice(0, -12)],
];

for (const [what, text] of REFUSED) {
  test(`parsePackageEntry() refuses ${what}`, () => {
    assert.throws(() => parsePackageEntry(text), RepodataParseError);
  });
}

/** The location that a client finds. */
function locate(entry: string): string | undefined {
  const locations: string[] = [];
  const parser = createPrimaryParser({
    acceptsBase: true,
    isWanted: () => true,
    onPackage: ({ location }) => locations.push(location),
  });
  parser.write(`<metadata packages="1">${entry}</metadata>`);
  parser.close();
  return locations[0];
}

test('relocatePackage() gives a package a base, and leaves its text else as it was', () => {
  const moved = relocatePackage(ENTRY, { base: 'http://m.example.org/a&b/' });

  assert.equal(locate(moved), 'http://m.example.org/a&b/Packages/k/kernel-core.rpm');
  assert.equal(moved.replace(' xml:base="http://m.example.org/a&amp;b/"', ''), ENTRY);
});

test('relocatePackage() puts a package below a folder', () => {
  const moved = relocatePackage(ENTRY, { folder: 'Packages/upstream-0/' });

  assert.equal(locate(moved), 'Packages/upstream-0/Packages/k/kernel-core.rpm');
  assert.equal(moved.replace('Packages/upstream-0/', ''), ENTRY);
});

test('relocatePackage() finds a location whose href comes late or in single quotes', () => {
  const text = ENTRY.replace(
    '<location href="Packages/k/kernel-core.rpm"/>',
    "<location a='1' href='b.rpm'/>",
  );

  assert.equal(locate(relocatePackage(text, { folder: 'x/' })), 'x/b.rpm');
});

test('createPrimaryParser() refuses a base unless it is told to accept one', () => {
  const text = relocatePackage(ENTRY, { base: 'http://m.example.org/' });
  const parser = createPrimaryParser({ isWanted: () => true, onPackage: () => undefined });

  assert.throws(() => parser.write(`<metadata packages="1">${text}`), /expected no xml:base/);
});
