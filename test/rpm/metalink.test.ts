import assert from 'node:assert/strict';
import test from 'node:test';
import { RepodataParseError } from '../../model/parse-errors.ts';
import { parseMetalink } from '../../rpm/metalink.ts';
import { parseMirrorList } from '../../rpm/mirror-list.ts';

const NEW = 'a'.repeat(64);
const OLD = 'b'.repeat(64);

/** As Fedora's mirror manager writes it. */
function metalinkOf(urls: readonly string[], hashes = `<hash type="sha256">${NEW}</hash>`): string {
  const resources = urls.map(
    (url, index) =>
      `<url protocol="https" type="https" location="DE" preference="${100 - index}">${url}</url>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic"
  pubdate="Mon, 23 Nov 2026 12:00:00 GMT" generator="mirrormanager"
  xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files>
  <file name="repomd.xml">
   <mm0:timestamp>1780000000</mm0:timestamp>
   <size>6230</size>
   <verification>
    <hash type="md5">0123456789abcdef0123456789abcdef</hash>
    ${hashes}
   </verification>
   <mm0:alternates>
    <mm0:alternate>
     <mm0:timestamp>1770000000</mm0:timestamp>
     <size>6000</size>
     <verification><hash type="sha256">${OLD}</hash></verification>
    </mm0:alternate>
   </mm0:alternates>
   <resources maxconnections="1">${resources.join('\n')}</resources>
  </file>
 </files>
</metalink>
`;
}

test('parseMetalink() gives digests, those of older metadata apart, and mirrors by preference', () => {
  const text = metalinkOf([
    'https://one.example.org/f/repodata/repomd.xml',
    'rsync://two.example.org/f/repodata/repomd.xml',
    'http://three.example.org/f/repodata/repomd.xml',
  ]).replace('preference="98"', 'preference="101"');

  assert.deepEqual(parseMetalink(text), {
    current: [{ type: 'sha256', value: NEW }],
    alternates: [{ type: 'sha256', value: OLD }],
    baseUrls: ['http://three.example.org/f/', 'https://one.example.org/f/'],
  });
});

const GOOD = 'https://one.example.org/f/repodata/repomd.xml';
const BAD: readonly [what: string, text: string, message: RegExp][] = [
  ['without SHA-2', metalinkOf([GOOD], ''), /expected a SHA-2 digest of repomd\.xml, found none/],
  ['without mirrors', metalinkOf([]), /expected URLs of mirrors that speak HTTP, found none/],
  ['with a disk for a mirror', metalinkOf(['file:///etc/repodata/repomd.xml']), /found none/],
  ['with passwords', metalinkOf(['https://a:b@example.org/repodata/repomd.xml']), /found none/],
  ['of another file', metalinkOf(['https://example.org/evil.xml']), /found none/],
  ['with a digest that is none', metalinkOf([GOOD], '<hash type="sha256">x</hash>'), /checksum/],
  [
    'with entities',
    metalinkOf([GOOD]).replace('<metalink', '<!DOCTYPE a [<!ENTITY b "c">]><metalink'),
    /DOCTYPE/,
  ],
  [
    'with mirrors without end',
    metalinkOf(Array.from({ length: 2001 }, () => GOOD)),
    /at most 2000/,
  ],
  ['that is a page of a proxy', '<html><body>log in</body></html>', /expected the root "metalink"/],
  ['that is cut off', metalinkOf([GOOD]).slice(0, 600), /well-formed/],
];

for (const [what, text, message] of BAD) {
  test(`parseMetalink() refuses one ${what}`, () => {
    assert.throws(() => parseMetalink(text), RepodataParseError);
    assert.throws(() => parseMetalink(text), message);
  });
}

test('parseMirrorList() takes a base URL a line, and leaves out what is no address of HTTP', () => {
  const text = `# repo = lab\r
https://one.example.org/lab/\r

ftp://two.example.org/lab/
http://three.example.org/lab
http://three.example.org/lab
file:///etc/
http://four.example.org/ lab/
`;

  assert.deepEqual(parseMirrorList(text), [
    'https://one.example.org/lab/',
    'http://three.example.org/lab',
  ]);
});

test('parseMirrorList() refuses a text without mirrors, and keeps 200 of an endless one', () => {
  assert.throws(() => parseMirrorList('<html></html>'), RepodataParseError);
  const many = Array.from({ length: 5000 }, (_, index) => `http://m${index}.example.org/`);
  assert.equal(parseMirrorList(many.join('\n')).length, 200);
});
