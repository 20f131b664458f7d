import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { CpioParseError } from '../../model/parse-errors.ts';
import { type CpioHandlers, createCpioReader } from '../../rpm/cpio.ts';

interface MadeEntry {
  readonly name: string;
  readonly content?: string;
  readonly mode?: number;
  readonly magic?: string;
  /** What the header says where that is not the truth. */
  readonly announced?: number;
}

const FILE = 0o100644;
const TRAILER: MadeEntry = { name: 'TRAILER!!!', mode: 0 };

function makeCpio(entries: readonly MadeEntry[]): Uint8Array {
  return Buffer.concat(
    entries.map(({ name, content = '', mode = FILE, magic = '070701', announced }) => {
      const size = announced ?? Buffer.byteLength(content);
      const numbers = [1, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0];
      const fields = numbers.map((number) => number.toString(16).padStart(8, '0'));
      const head = pad(Buffer.from(`${magic}${fields.join('')}${name}\0`));
      return Buffer.concat([head, pad(Buffer.from(content))]);
    }),
  );
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function readAll(
  bytes: Uint8Array,
  {
    pieceLength = bytes.length + 1,
    wants = () => true,
  }: { pieceLength?: number; wants?: CpioHandlers['wants'] } = {},
): Map<string, string> {
  const files = new Map<string, string>();
  const reader = createCpioReader({
    wants,
    onFile: (path, content) => files.set(path, Buffer.from(content).toString()),
  });
  for (let at = 0; at < bytes.length; at += pieceLength) {
    reader.write(bytes.subarray(at, at + pieceLength));
  }
  reader.close();
  return files;
}

const SAMPLE = makeCpio([
  { name: '.', mode: 0o040755 },
  { name: './lib/a.ko', content: 'hello' },
  { name: 'plain', content: '' },
  { name: '/abs//b', content: 'x'.repeat(1000), magic: '070702' },
  { name: './link', content: 'a.ko', mode: 0o120777 },
  TRAILER,
]);
const SAMPLE_FILES = [
  ['/lib/a.ko', 'hello'],
  ['/plain', ''],
  ['/abs/b', 'x'.repeat(1000)],
];

test('createCpioReader() gives regular files with absolute paths', () => {
  assert.deepEqual([...readAll(SAMPLE)], SAMPLE_FILES);
});

test('createCpioReader() gives the same for pieces of any length', () => {
  for (const pieceLength of [1, 2, 3, 5, 64, 111]) {
    assert.deepEqual([...readAll(SAMPLE, { pieceLength })], SAMPLE_FILES);
  }
});

test('createCpioReader() asks with path and size and passes over the rest', () => {
  const asked: string[] = [];

  const files = readAll(SAMPLE, {
    wants(path, sizeBytes) {
      asked.push(`${path} ${sizeBytes}`);
      return path === '/plain';
    },
  });

  assert.deepEqual(asked, ['/lib/a.ko 5', '/plain 0', '/abs/b 1000']);
  assert.deepEqual([...files], [['/plain', '']]);
});

test('createCpioReader() ignores what follows the trailer', () => {
  assert.equal(readAll(Buffer.concat([SAMPLE, Buffer.alloc(512, 'x')])).size, 3);
});

test('createCpioReader() hands out what wants() throws', () => {
  const wants = () => {
    throw new RangeError('too large');
  };

  assert.throws(() => readAll(SAMPLE, { wants }), RangeError);
});

const BAD: readonly [title: string, bytes: Uint8Array, message: RegExp][] = [
  ['nothing', new Uint8Array(0), /expected a trailer/],
  ['a missing trailer', makeCpio([{ name: 'a', content: 'b' }]), /expected a trailer/],
  ["rpm's form for large files", makeCpio([{ name: 'a', magic: '07070X' }]), /files over 4 GB/],
  ['the old binary form', Buffer.alloc(200, 0xc7), /found magic/],
  ['a path that climbs', makeCpio([{ name: './a/../../etc/x' }, TRAILER]), /without ".."/],
  ['a NUL within a name', makeCpio([{ name: 'a\0b' }, TRAILER]), /announced length/],
  ['an empty name', makeCpio([{ name: '' }, TRAILER]), /name of 2 to/],
  ['a name without end', makeCpio([{ name: 'n'.repeat(5000) }, TRAILER]), /found 5001/],
  ['a size beyond the end', makeCpio([{ name: 'a', announced: 0xffffffff }]), /expected a trailer/],
  ['digits that are none', Buffer.from(`070701${'0x000001'.repeat(13)}`), /8 hexadecimal digits/],
];
for (const [title, bytes, message] of BAD) {
  test(`createCpioReader() refuses ${title}`, () => {
    assert.throws(
      () => readAll(bytes),
      (error) => error instanceof CpioParseError && message.test(error.message),
    );
  });
}

test('createCpioReader() takes a large file in many pieces', () => {
  const bytes = makeCpio([{ name: 'a', content: 'x'.repeat(20_000_000) }, TRAILER]);

  assert.equal(readAll(bytes, { pieceLength: 1000 }).get('/a')?.length, 20_000_000);
});

const withoutCpio = spawnSync('cpio', ['--version']).error ? { skip: 'cpio not found' } : {};

test('createCpioReader() reads what cpio writes', withoutCpio, () => {
  const directory = mkdtempSync(join(tmpdir(), 'rekmod-cpio-'));
  try {
    mkdirSync(join(directory, 'd'));
    writeFileSync(join(directory, 'd/a'), 'hello');
    symlinkSync('a', join(directory, 'd/b'));

    const bytes = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], {
      cwd: directory,
      input: './d\n./d/a\n./d/b\n',
    });

    assert.deepEqual([...readAll(bytes)], [['/d/a', 'hello']]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
