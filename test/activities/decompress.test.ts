import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  type CompressionFormat,
  decompress,
  decompressBytes,
  formatOf,
} from '../../activities/decompress.ts';
import { DecompressError } from '../../model/parse-errors.ts';

const TEXT = Buffer.from('All that is compressed comes out as it was.\n'.repeat(20_000));
const PROGRAMS: readonly [format: CompressionFormat, program: string][] = [
  ['xz', 'xz'],
  ['zst', 'zstd'],
  ['bz2', 'bzip2'],
  ['lz4', 'lz4'],
];
const NEVER = new AbortController().signal;
const BOUNDS = { maxBytes: 10_000_000, signal: NEVER };

function compress(program: string, bytes: Uint8Array): Uint8Array {
  return execFileSync(program, ['-c'], { input: bytes, maxBuffer: 1e9 });
}

async function* piecesOf(bytes: Uint8Array, pieceLength = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceLength) {
    yield bytes.subarray(at, at + pieceLength);
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** Names of this process's children that decompress. */
function childNames(): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^[0-9]+$/.test(pid)) return [];
    try {
      const [, name, parent] =
        /^[0-9]+ \((.*)\) \S ([0-9]+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      const isProgram = PROGRAMS.some(([, program]) => program === name);
      return parent === String(process.pid) && isProgram ? [`${name} ${pid}`] : [];
    } catch {
      return [];
    }
  });
}

const NAMES: readonly [name: string, format: CompressionFormat][] = [
  ['repodata/a-primary.xml.gz', 'gz'],
  ['a.xml.xz', 'xz'],
  ['a.xml.zst', 'zst'],
  ['a.xml.bz2', 'bz2'],
  ['initrd.lz4', 'lz4'],
  ['a.xml', 'plain'],
  ['jool.ko', 'plain'],
  ['gz', 'gz'],
  ['', 'plain'],
];
for (const [name, format] of NAMES) {
  test(`formatOf() calls ${JSON.stringify(name)} ${format}`, () => {
    assert.equal(formatOf(name), format);
  });
}

type Sample = readonly [
  format: CompressionFormat,
  options: { readonly skip?: string },
  make: (bytes: Uint8Array) => Uint8Array,
];
const SAMPLES: readonly Sample[] = [
  ['plain', {}, (bytes) => bytes],
  ['gz', {}, (bytes) => gzipSync(bytes)],
  ...PROGRAMS.map(([format, program]): Sample => {
    const isMissing = spawnSync(program, ['--version']).error !== undefined;
    const options = isMissing ? { skip: `${program} not found` } : {};
    return [format, options, (bytes) => compress(program, bytes)];
  }),
];

for (const [format, options, make] of SAMPLES) {
  test(`decompress() gives back what was compressed: ${format}`, options, async () => {
    const out = await collect(decompress(format, piecesOf(make(TEXT)), BOUNDS));

    assert.ok(out.equals(TEXT));
  });

  test(`decompressBytes() does the same in memory: ${format}`, options, async () => {
    assert.ok(TEXT.equals(await decompressBytes(format, make(TEXT), BOUNDS)));
  });

  test(`decompress() takes exactly maxBytes and not one more: ${format}`, options, async () => {
    const bytes = make(TEXT);
    const exact = { maxBytes: TEXT.length, signal: NEVER };

    assert.equal((await decompressBytes(format, bytes, exact)).length, TEXT.length);
    await assert.rejects(
      decompressBytes(format, bytes, { ...exact, maxBytes: TEXT.length - 1 }),
      (error) => error instanceof DecompressError && /at most/.test(error.message),
    );
    assert.deepEqual(childNames(), []);
  });

  test(`decompress() leaves no child when the consumer stops: ${format}`, options, async () => {
    const bytes = make(TEXT);
    let isSourceClosed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield bytes;
      } finally {
        isSourceClosed = true;
      }
    }

    for await (const chunk of decompress(format, endless(), { ...BOUNDS, maxBytes: 1e12 })) {
      assert.ok(chunk.length > 0);
      break;
    }

    assert.deepEqual(childNames(), []);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(isSourceClosed, true);
  });

  test(`decompress() hands out the error of its source: ${format}`, options, async () => {
    const bytes = make(TEXT);
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 20);
      throw new RangeError('disk gone');
    }

    await assert.rejects(collect(decompress(format, failing(), BOUNDS)), /disk gone/);
    assert.deepEqual(childNames(), []);
  });

  test(`decompress() ends when it is aborted: ${format}`, options, async () => {
    const controller = new AbortController();
    const bytes = make(TEXT);
    async function* slow(): AsyncGenerator<Uint8Array> {
      for await (const piece of piecesOf(bytes, 10)) {
        yield piece;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    setTimeout(() => controller.abort(new RangeError('enough')), 30);

    await assert.rejects(
      collect(decompress(format, slow(), { ...BOUNDS, signal: controller.signal })),
      /enough/,
    );
    assert.deepEqual(childNames(), []);
  });
}

for (const [format, options, make] of SAMPLES.filter(([name]) => name !== 'plain')) {
  test(`decompress() refuses cut and broken data: ${format}`, options, async () => {
    const bytes = make(TEXT);
    const broken = bytes.slice();
    broken.fill(0xff, Math.floor(bytes.length / 2));

    for (const bad of [bytes.subarray(0, bytes.length - 6), broken, Buffer.from('no such thing')]) {
      await assert.rejects(
        collect(decompress(format, piecesOf(bad), BOUNDS)),
        (error) => error instanceof DecompressError && error.format === format,
      );
    }
    assert.deepEqual(childNames(), []);
  });
}

const withoutXz = spawnSync('xz', ['--version']).error ? { skip: 'xz not found' } : {};

test("decompress() gives xz's own words", withoutXz, async () => {
  await assert.rejects(
    collect(decompress('xz', piecesOf(Buffer.from('no such thing')), BOUNDS)),
    /Cannot decompress xz data: .*format/,
  );
});

test('decompress() refuses xz data that needs much memory', withoutXz, async () => {
  const greedy = execFileSync('xz', ['-c', '--lzma2=dict=512MiB'], { input: 'x' });

  await assert.rejects(collect(decompress('xz', piecesOf(greedy), BOUNDS)), /[Mm]emory/);
});
