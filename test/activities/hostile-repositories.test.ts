import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeScratch } from '../support/scratch.ts';

/** What is said of each; see test/support/read-hostile.ts. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  'a bomb of gzip': /^DecompressError: .*expected at most \d+ bytes, found more/,
  'a bomb of gzip that says its size':
    /^DecompressError: .*expected at most 1000 bytes, found more/,
  'kernels without number': /^ContentInvalidError: .*expected at most 20000 packages of kernels/,
  'attributes without number': /^RepodataParseError: .*expected a tag, found text without end/,
  'a name without end': /^RepodataParseError: .*expected a tag, found text without end/,
  'a comment without end':
    /^RepodataParseError: .*expected a tag, found text without end|well-formed/,
  'a text without end': /^RepodataParseError: .*expected a tag, found text without end/,
  'levels without end': /^RepodataParseError: .*expected at most 32 levels, found more/,
  'entities that multiply': /^RepodataParseError: .*expected no DOCTYPE, found one/,
  'a size of a petabyte':
    /^ContentMismatchError: .*expected at most \d+ bytes, found 1125899906842624 promised/,
  'more packages than announced': /^RepodataParseError: .*expected 1 packages, found more/,
};

/** A good repository of Fedora's size takes as much. */
const MAX_MEGABYTES = 120;

test('readRepository() refuses metadata that want to fill memory, within little of it', async () => {
  await using scratch = await makeScratch();
  const program = fileURLToPath(new URL('../support/read-hostile.ts', import.meta.url));

  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    program,
    scratch.path,
  ]);

  const { said, grownMegabytes } = JSON.parse(stdout);
  for (const [name, message] of Object.entries(EXPECTED)) assert.match(said[name], message, name);
  assert.deepEqual(Object.keys(said), Object.keys(EXPECTED));
  assert.ok(grownMegabytes < MAX_MEGABYTES, `${grownMegabytes} MiB`);
});
