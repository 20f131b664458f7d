import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import test from 'node:test';
import { replaceRpmFiles } from '../../activities/replace-rpm-files.ts';
import { openRpm } from '../../activities/rpm-file.ts';
import { runProgram } from '../../activities/run-program.ts';
import { RpmHeaderParseError } from '../../model/parse-errors.ts';
import { rewriteSignatureHeader } from '../../rpm/replace-files.ts';
import { fixturePath, readFixture } from '../kabi/fixtures.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const MODULE = '/lib/modules/6.1.0-54-amd64/extra/demo/virtio_dma_buf.ko';
const PAYLOADS = ['gzdio', 'xzdio', 'lzdio', 'zstdio', 'bzdio', 'ufdio'] as const;
const signal = new AbortController().signal;

function fixtureOf(payload: string): string {
  return fixturePath(`rpms/kmod-demo-1.0~rc1-1.${payload}.x86_64.rpm`);
}

async function replaceIn(
  scratch: Scratch,
  input: string,
  replace: (bytes: Uint8Array) => Uint8Array,
): Promise<string> {
  const output = scratch.at('output.rpm');
  const work = scratch.at('work');
  await mkdir(work);
  await replaceRpmFiles(input, output, {
    wants: (path) => path === MODULE,
    replace: async (_, bytes) => replace(bytes),
    scratch: work,
    signal,
  });
  return output;
}

const grow = (bytes: Uint8Array): Uint8Array => Buffer.concat([bytes, Buffer.from('more of it\n')]);

test('replaceRpmFiles() gives the same bytes for the same content', async () => {
  await using scratch = await makeScratch();

  const output = await replaceIn(scratch, fixtureOf('ufdio'), (bytes) => bytes);

  assert.ok((await readFile(output)).equals(await readFile(fixtureOf('ufdio'))));
});

for (const payload of PAYLOADS) {
  test(`replaceRpmFiles() writes what rpm finds whole, payload ${payload}`, async () => {
    await using scratch = await makeScratch();

    const output = await replaceIn(scratch, fixtureOf(payload), grow);

    const check = await runProgram(['rpmkeys', '-Kv', output]);
    assert.equal(check.exitCode, 0);
    assert.match(check.stdout, /Header SHA256 digest: OK/);
    assert.match(check.stdout, /Payload SHA256 digest: OK/);
    assert.match(check.stdout, /MD5 digest: OK/);
    const rpm = await openRpm(output);
    const wanted = grow(readFixture('modules/virtio_dma_buf.ko'));
    const files = await rpm.readFiles({ wants: () => true, maxBytesPerFile: 1e6, signal });
    assert.ok(Buffer.from(files.get(MODULE) ?? []).equals(wanted));
    assert.equal(rpm.header.files.find(({ path }) => path === MODULE)?.sizeBytes, wanted.length);
  });

  test(`replaceRpmFiles() writes what rpm installs and verifies, payload ${payload}`, async (t) => {
    if (process.getuid?.() !== 0) return t.skip('rpm enters the root of a test as root only');
    await using scratch = await makeScratch();
    const output = await replaceIn(scratch, fixtureOf(payload), grow);
    const root = ['--root', scratch.at('root')] as const;
    await mkdir(scratch.at('root'));

    await runProgram(['rpm', ...root, '-i', '--nodeps', '--noscripts', output]);
    const verified = await runProgram(['rpm', ...root, '-V', '--nodeps', 'kmod-demo']);

    assert.equal(verified.stdout, '');
    const installed = await readFile(`${scratch.at('root')}${MODULE}`);
    assert.ok(installed.equals(grow(readFixture('modules/virtio_dma_buf.ko'))));
  });
}

test('replaceRpmFiles() leaves everything else that a package says as it was', async () => {
  await using scratch = await makeScratch();
  const input = fixtureOf('zstdio');

  const output = await replaceIn(scratch, input, grow);

  const [before, after] = await Promise.all(
    [input, output].map(async (path) => await (await openRpm(path)).readTags()),
  );
  assert.deepEqual([...(after?.keys() ?? [])], [...(before?.keys() ?? [])]);
  const changed = [...(before ?? [])]
    .filter(([tag, values]) => JSON.stringify(after?.get(tag)) !== JSON.stringify(values))
    .map(([tag]) => tag);
  // SIZE, FILESIZES, FILEDIGESTS, PAYLOADDIGEST, PAYLOADDIGESTALT
  assert.deepEqual(changed, [1009, 1028, 1035, 5092, 5097]);
});

test('replaceRpmFiles() takes a signature away that is not good any more', async () => {
  await using scratch = await makeScratch();

  const output = await replaceIn(scratch, fixturePath('rpms/signed.rpm'), grow);

  assert.equal((await openRpm(output)).header.hasSignature, false);
  assert.equal((await runProgram(['rpmkeys', '-K', output])).exitCode, 0);
});

test('rewriteSignatureHeader() refuses a digest that nobody would correct', () => {
  const entry = { tag: 300, type: 6, start: 0, end: 2, count: 1 };
  const bytes = new TextEncoder().encode('x\0');
  const blob = { bytes, view: new DataView(bytes.buffer), entries: new Map([[300, entry]]) };
  const form = { sizeBytes: 1, digests: new Map() };

  assert.throws(
    () =>
      rewriteSignatureHeader(blob, {
        digestHeader: () => '',
        md5: new Uint8Array(0),
        headerBytes: 1,
        payload: { plain: form, compressed: form },
      }),
    (error) => error instanceof RpmHeaderParseError && /found 300$/.test(error.message),
  );
});
