import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { RepodataParseError } from '../../model/parse-errors.ts';
import { createElementSplitter } from '../../rpm/split-elements.ts';

const SPLIT = { file: 'primary.xml', root: 'metadata', element: 'package' } as const;
const A = '<package type="rpm"><name>a</name></package>';
const B = '<package type="rpm"><name>b</name></package>';

function split(text: string, pieceLength = text.length || 1): readonly string[] {
  const elements: string[] = [];
  const splitter = createElementSplitter({ ...SPLIT, onElement: (one) => elements.push(one) });
  for (let start = 0; start < text.length; start += pieceLength) {
    splitter.write(text.slice(start, start + pieceLength));
  }
  assert.equal(splitter.close(), elements.length);
  return elements;
}

const WHOLE = `<?xml version="1.0" encoding="UTF-8"?>\n<metadata xmlns="x" packages="2">\n${A}\n${B}\n</metadata>\n`;

test('createElementSplitter() hands out elements as they are, however the text is cut', () => {
  for (let length = 1; length <= WHOLE.length; length += 1) {
    assert.deepEqual(split(WHOLE, length), [A, B]);
  }
});

test('createElementSplitter() finds nothing in an empty repository', () => {
  assert.deepEqual(split('<metadata packages="0">\n</metadata>'), []);
  assert.deepEqual(split('<?xml version="1.0"?><metadata packages="0"/>'), []);
});

test('createElementSplitter() does not take <packages> for <package>', () => {
  assert.throws(() => split('<metadata><packages></packages></metadata>'), RepodataParseError);
});

test('createElementSplitter() reads real metadata and loses no character of it', async () => {
  const file = new URL('../fixtures/repodata/primary.xml.gz', import.meta.url);
  const text = gunzipSync(await readFile(file)).toString('utf8');

  const elements = split(text, 1000);

  assert.ok(elements.length > 1);
  let rest = text;
  for (const element of elements) {
    assert.ok(rest.includes(element));
    rest = rest.replace(element, () => '');
  }
  assert.doesNotMatch(rest, /<package[\s>]/);
});

const REFUSED: readonly (readonly [string, string])[] = [
  ['another root', WHOLE.replace('<metadata', '<other')],
  ['text between elements', WHOLE.replace(`${A}\n`, `${A}hidden\n`)],
  ['a comment between elements', WHOLE.replace(`${A}\n`, `${A}<!-- ${B} -->\n`)],
  ['an element that is not ended', WHOLE.slice(0, WHOLE.indexOf('</package>'))],
  ['a root that is not ended', WHOLE.replace('</metadata>', '')],
  ['something after the root', `${WHOLE}<more/>`],
  ['nothing', ''],
];

for (const [what, text] of REFUSED) {
  test(`createElementSplitter() refuses ${what}`, () => {
    assert.throws(() => split(text), RepodataParseError);
    assert.throws(() => split(text, 7), RepodataParseError);
  });
}

test('createElementSplitter() gives up on text without end', () => {
  const splitter = createElementSplitter({ ...SPLIT, onElement: () => undefined });

  assert.throws(() => {
    for (let count = 0; count < 200; count += 1) splitter.write(' '.repeat(1024));
  }, /expected text before <package> of at most 65536 characters/);
});
