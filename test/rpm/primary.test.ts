import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { RepositoryPackage } from '../../model/kernel.ts';
import { RepodataParseError } from '../../model/parse-errors.ts';
import { formatNevra } from '../../rpm/nevra.ts';
import { createPrimaryParser } from '../../rpm/primary.ts';
import { readFixture } from '../kabi/fixtures.ts';

const REAL = gunzipSync(readFixture('repodata/primary.xml.gz'));

function parse(
  xml: string,
  {
    pieceLength = xml.length + 1,
    isWanted = () => true,
  }: { pieceLength?: number; isWanted?: (name: string, arch: string) => boolean } = {},
): { readonly packages: readonly RepositoryPackage[]; readonly count: number } {
  const packages: RepositoryPackage[] = [];
  const parser = createPrimaryParser({ onPackage: (found) => packages.push(found), isWanted });
  for (let at = 0; at < xml.length; at += pieceLength)
    parser.write(xml.slice(at, at + pieceLength));
  return { packages, count: parser.close() };
}

test("createPrimaryParser() reads createrepo_c's file", () => {
  const { packages, count } = parse(REAL.toString());

  assert.equal(count, 8);
  assert.deepEqual(packages.map(formatNevra).sort(), [
    'kernel-core-6.1.0-54.1.el9.x86_64',
    'kernel-core-6.1.0-54.el9.x86_64',
    'kernel-core-6.1.0-55.el9.x86_64',
    'kernel-devel-6.1.0-54.1.el9.x86_64',
    'kernel-devel-6.1.0-54.el9.x86_64',
    'kernel-ml-devel-2:6.1.0-54.1.el9.x86_64',
    'kernel-ml-devel-2:6.1.0-54.el9.x86_64',
    'kernel-ml-devel-2:6.1.0-55.el9.x86_64',
  ]);
  const devel = packages.find((found) => formatNevra(found) === 'kernel-devel-6.1.0-54.el9.x86_64');
  assert.equal(devel?.location, 'kernel-devel-6.1.0-54.el9.x86_64.rpm');
  assert.equal(devel?.checksum.type, 'sha256');
  assert.equal(devel?.buildTimeSeconds, 1_780_000_000);
  assert.ok((devel?.sizeBytes ?? 0) > 7000);
});

test('createPrimaryParser() gives the same for pieces of any length', () => {
  const whole = parse(REAL.toString());

  for (const pieceLength of [1, 7, 100]) {
    assert.deepEqual(parse(REAL.toString(), { pieceLength }), whole);
  }
});

test('createPrimaryParser() asks for name and architecture and skips the rest', () => {
  const asked: string[] = [];
  const isWanted = (name: string, arch: string) => {
    asked.push(`${name} ${arch}`);
    return name === 'kernel-devel';
  };

  const { packages, count } = parse(REAL.toString(), { isWanted });

  assert.equal(count, 8);
  assert.equal(packages.length, 2);
  assert.equal(new Set(asked).size, 3);
});

test('createPrimaryParser() does not mind what is wrong with unwanted packages', () => {
  const bad = makePackage({ name: 'odd', location: '<location href="../x"/>' });

  const { packages, count } = parse(makePrimary([bad, makePackage({})]), {
    isWanted: (name) => name === 'kernel-core',
  });

  assert.equal(count, 2);
  assert.deepEqual(
    packages.map(({ name }) => name),
    ['kernel-core'],
  );
});

const BAD: readonly [title: string, xml: string, message: RegExp][] = [
  ['an empty text', '', /well-formed/],
  ['another root', '<repomd packages="0"/>', /root "metadata"/],
  ['a missing number of packages', '<metadata/>', /number of packages, found none/],
  ['an absurd number of packages', '<metadata packages="999999999"/>', /at most/],
  ['fewer packages than announced', makePrimary([makePackage({})], 2), /2 packages, found 1/],
  ['more packages than announced', makePrimary([makePackage({})], 0), /0 packages, found more/],
  ['a DOCTYPE', `<!DOCTYPE x>${makePrimary([])}`, /DOCTYPE/],
  ['an unknown entity', makePrimary([makePackage({ name: '&lol;' })]), /well-formed/],
  [
    'a location outside',
    makePrimary([makePackage({ location: '<location href="../x"/>' })]),
    /relative/,
  ],
  [
    'a base elsewhere',
    makePrimary([makePackage({ location: '<location xml:base="http://x/" href="x"/>' })]),
    /xml:base/,
  ],
  ['a missing location', makePrimary([makePackage({ location: '' })]), /location/],
  ['a name that is a path', makePrimary([makePackage({ name: '../x' })]), /legal name/],
  ['a name with markup', makePrimary([makePackage({ name: '&lt;b&gt;' })]), /legal name/],
  ['an epoch that is no number', makePrimary([makePackage({ epoch: 'x' })]), /epoch/],
  ['a version with a dash', makePrimary([makePackage({ version: '1-2' })]), /legal version/],
];
for (const [title, xml, message] of BAD) {
  test(`createPrimaryParser() refuses ${title}`, () => {
    assert.throws(
      () => parse(xml),
      (error) => error instanceof RepodataParseError && message.test(error.message),
    );
  });
}

test('createPrimaryParser() does not collect an attribute, comment or text without end', () => {
  for (const start of [
    '<metadata a="',
    '<!--',
    '<metadata packages="1">',
    '<metadata ',
    '<!DOCTYPE ',
  ]) {
    const parser = createPrimaryParser({ onPackage: () => undefined, isWanted: () => true });
    parser.write(start);

    assert.throws(() => {
      for (let i = 0; i < 100; i += 1) parser.write('x '.repeat(50_000));
    }, RepodataParseError);
  }
});

function makePrimary(packages: readonly string[], count = packages.length): string {
  return `<?xml version="1.0"?><metadata packages="${count}">${packages.join('\n')}</metadata>`;
}

function makePackage(parts: {
  name?: string;
  location?: string;
  epoch?: string;
  version?: string;
  rest?: string;
}): string {
  return `<package type="rpm"><name>${parts.name ?? 'kernel-core'}</name><arch>x86_64</arch>
    <version epoch="${parts.epoch ?? '0'}" ver="${parts.version ?? '6.1'}" rel="1"/>
    <checksum type="sha256" pkgid="YES">${'ab'.repeat(32)}</checksum>
    <time file="1" build="2"/><size package="3" installed="4" archive="5"/>
    ${parts.location ?? '<location href="a.rpm"/>'}
    <format><rpm:provides>${parts.rest ?? ''}</rpm:provides></format></package>`;
}
