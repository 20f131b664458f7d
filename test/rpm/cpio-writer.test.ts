import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import test from 'node:test';
import { createCpioReader } from '../../rpm/cpio.ts';
import { type CpioEntry, writeCpio } from '../../rpm/cpio-writer.ts';

const ENTRIES: readonly CpioEntry[] = [
  { kind: 'directory', path: 'dev' },
  { kind: 'character-device', path: 'dev/kmsg', major: 1, minor: 11 },
  { kind: 'link', path: 'link', target: 'dev' },
  { kind: 'file', path: 'init', mode: 0o755, bytes: Buffer.from('#!') },
  { kind: 'file', path: 'empty', bytes: new Uint8Array() },
  { kind: 'file', path: 'm/0', bytes: Uint8Array.from({ length: 1025 }, (_, at) => at % 256) },
];

test('writeCpio() writes what the reader reads, of every length up to a whole padding', () => {
  for (let length = 0; length < 9; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, at) => at + 1);
    const found = new Map<string, Uint8Array>();
    const reader = createCpioReader({
      wants: () => true,
      onFile: (path, content) => found.set(path, content),
    });

    reader.write(writeCpio([{ kind: 'file', path: 'x'.repeat(length + 1), bytes }]));
    reader.close();

    assert.deepEqual([...found], [[`/${'x'.repeat(length + 1)}`, bytes]]);
  }
});

test('writeCpio() gives equal bytes for equal entries', () => {
  assert.deepEqual(writeCpio(ENTRIES), writeCpio(ENTRIES));
});

test('writeCpio() begins each entry at a multiple of four bytes, as the kernel wants it', () => {
  const text = Buffer.from(writeCpio(ENTRIES)).toString('latin1');

  const starts = [...text.matchAll(/070701/g)].map((match) => match.index);
  assert.equal(starts.length, ENTRIES.length + 1);
  assert.deepEqual(
    starts.filter((at) => at % 4 !== 0),
    [],
  );
});

const hasCpio = spawnSync('cpio', ['--version']).error === undefined;
test('writeCpio() writes an archive that cpio lists with modes, devices and sizes', {
  skip: hasCpio ? false : 'cpio not found',
}, () => {
  const list = execFileSync('cpio', ['-itv', '--quiet', '--numeric-uid-gid'], {
    input: writeCpio(ENTRIES),
    encoding: 'utf8',
  });

  const lines = list.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^drwxr-xr-x +2 0 +0 +0 .* dev$/);
  assert.match(lines[1] ?? '', /^crw------- +1 0 +0 +1, *11 .* dev\/kmsg$/);
  assert.match(lines[2] ?? '', /^lrwxrwxrwx +1 0 +0 +3 .* link -> dev$/);
  assert.match(lines[3] ?? '', /^-rwxr-xr-x +1 0 +0 +2 .* init$/);
  assert.match(lines[5] ?? '', /^-rw-r--r-- +1 0 +0 +1025 .* m\/0$/);
});
