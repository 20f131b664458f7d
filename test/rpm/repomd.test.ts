import assert from 'node:assert/strict';
import test from 'node:test';
import { RepodataParseError } from '../../model/parse-errors.ts';
import { parseRepomd } from '../../rpm/repomd.ts';
import { readFixture, readFixtureText } from '../kabi/fixtures.ts';

const REAL = readFixtureText('repodata/repomd.xml');

test("parseRepomd() reads createrepo_c's file", () => {
  const repomd = parseRepomd(REAL);

  assert.equal(repomd.revision, '1780000000');
  assert.deepEqual(
    repomd.files.map((file) => file.type),
    ['primary', 'filelists', 'other'],
  );
  const [primary] = repomd.files;
  assert.equal(primary?.location, 'repodata/primary.xml.gz');
  assert.equal(primary?.checksum.type, 'sha256');
  assert.equal(primary?.checksum.value.length, 64);
  assert.equal(primary?.openChecksum?.value.length, 64);
  assert.equal(primary?.sizeBytes, readFixture('repodata/primary.xml.gz').length);
  assert.ok((primary?.openSizeBytes ?? 0) > 5000);
});

test('parseRepomd() does without sizes and open checksum', () => {
  const [file] = parseRepomd(makeRepomd({})).files;

  assert.deepEqual(file, {
    type: 'primary',
    location: 'repodata/p.xml.zst',
    checksum: { type: 'sha256', value: 'ab'.repeat(32) },
  });
});

const GOOD_HREFS = [
  'repodata/a-primary.xml.gz',
  'Packages/k/kernel-devel-5.14.0-611.el9.x86_64.rpm',
  'x86_64/libstdc++-12^git~1.rpm',
  'a/b%2Bc.rpm',
  'a/..b/c..rpm',
];
for (const href of GOOD_HREFS) {
  test(`parseRepomd() takes the location ${href}`, () => {
    assert.equal(parseRepomd(makeRepomd({ href })).files[0]?.location, href);
  });
}

const BAD_HREFS = [
  '',
  '/etc/passwd',
  '//evil.example/x',
  'http://evil.example/x',
  'file:x',
  'c:/x',
  '../x',
  'a/../../x',
  'a/..',
  './x',
  'a//b',
  'a/',
  'a\\..\\x',
  '%2e%2e/x',
  'a/%2E%2e/x',
  'a%2fb',
  'a%5c..%5cb',
  '%252e%252e/x',
  'a%zz',
  'a%',
  'a%00b',
  'a%c3%a9',
  'a?b',
  'a#b',
  'a b',
  'é',
  'a&#10;b',
  'a&#9;b',
  `${'a/'.repeat(600)}b`,
];
for (const href of BAD_HREFS) {
  test(`parseRepomd() refuses the location ${JSON.stringify(href.slice(0, 30))}`, () => {
    assert.throws(() => parseRepomd(makeRepomd({ href })), /relative location|well-formed/);
  });
}

const CHECKSUM = `<checksum type="sha256">${'ab'.repeat(32)}</checksum>`;
const LOCATION = '<location href="repodata/p.xml.zst"/>';
const BAD_FILES: readonly [title: string, xml: string, message: RegExp][] = [
  ['an empty text', '', /well-formed/],
  ['what is cut', REAL.slice(0, -12), /well-formed/],
  ['HTML of a captive portal', '<html><body/></html>', /root "repomd", found "html"/],
  ['a DOCTYPE', `<!DOCTYPE repomd [<!ENTITY x "y">]>${makeRepomd({})}`, /DOCTYPE/],
  ['an unknown entity', makeRepomd({ revision: '&x;' }), /well-formed/],
  ["an entity out of Object's prototype", makeRepomd({ revision: '&toString;' }), /well-formed/],
  ['a missing location', makeRepomd({ data: CHECKSUM }), /no location/],
  ['a missing checksum', makeRepomd({ data: LOCATION }), /no checksum/],
  [
    'a checksum without type',
    makeRepomd({ data: `${LOCATION}<checksum>abababab</checksum>` }),
    /no type/,
  ],
  [
    'a checksum that is none',
    makeRepomd({ data: `${LOCATION}<checksum type="md5">xyz</checksum>` }),
    /xyz/,
  ],
  ['a negative size', makeRepomd({ data: `${LOCATION}${CHECKSUM}<size>-1</size>` }), /"-1"/],
  [
    'a size beyond 2^53',
    makeRepomd({ data: `${LOCATION}${CHECKSUM}<size>9007199254740993</size>` }),
    /size/,
  ],
  [
    'a base elsewhere',
    makeRepomd({ data: '<location xml:base="http://x" href="a"/>' }),
    /xml:base/,
  ],
  [
    'a type twice',
    makeRepomd({}).replace(
      '</repomd>',
      `<data type="primary">${LOCATION}${CHECKSUM}</data></repomd>`,
    ),
    /each once/,
  ],
  ['a type that is a path', makeRepomd({}).replace('"primary"', '"../x"'), /data types/],
  ['a long text', makeRepomd({ revision: 'x'.repeat(5000) }), /4096/],
  ['deep nesting', makeRepomd({ data: '<a>'.repeat(100) }), /levels/],
  ['too many files', makeRepomd({}).replace('</repomd>', manyFiles(1001)), /at most 1000 files/],
  ['too long a text', ' '.repeat(5 * 1024 * 1024), /at most/],
];
for (const [title, xml, message] of BAD_FILES) {
  test(`parseRepomd() refuses ${title}`, () => {
    assert.throws(
      () => parseRepomd(xml),
      (error) => error instanceof RepodataParseError && message.test(error.message),
    );
  });
}

function makeRepomd(parts: { href?: string; revision?: string; data?: string }): string {
  const href = parts.href ?? 'repodata/p.xml.zst';
  const data = parts.data ?? `<location href="${href}"/>${CHECKSUM}`;
  const revision = `<revision>${parts.revision ?? '1'}</revision>`;
  return `<repomd>${revision}<data type="primary">${data}</data></repomd>`;
}

function manyFiles(count: number): string {
  const files = Array.from(
    { length: count },
    (_, i) => `<data type="t${i}">${LOCATION}${CHECKSUM}</data>`,
  );
  return `${files.join('')}</repomd>`;
}
