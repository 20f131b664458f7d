import assert from 'node:assert/strict';
import test from 'node:test';
import { findPayload, isBzImage } from '../../kabi/kernel-image.ts';
import { hasPvhEntry } from '../../kabi/pvh-note.ts';
import { KernelImageParseError } from '../../model/parse-errors.ts';
import { assertParsesOrThrows, hostileVariants } from './hostile.ts';

const XZ = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];

/** A bzImage with one setup sector: its payload is at 1024 + 0x20. */
function makeImage({
  payload = [...XZ, 1, 2, 3, 4],
  protocol = 0x020f,
  length,
}: {
  readonly payload?: readonly number[];
  readonly protocol?: number;
  readonly length?: number;
}): Uint8Array {
  const bytes = new Uint8Array(1024 + 0x20 + payload.length + 16);
  const view = new DataView(bytes.buffer);
  bytes[0x1f1] = 1;
  bytes.set(Buffer.from('HdrS'), 0x202);
  view.setUint16(0x206, protocol, true);
  view.setUint32(0x248, 0x20, true);
  view.setUint32(0x24c, length ?? payload.length, true);
  bytes.set(payload, 1024 + 0x20);
  return bytes;
}

test('findPayload() gives the compressed kernel without the size that the build appends', () => {
  const { format, bytes } = findPayload(makeImage({}));

  assert.equal(format, 'xz');
  assert.deepEqual([...bytes], XZ);
});

test('findPayload() leaves gzip whole: it ends with the size by itself', () => {
  const payload = [0x1f, 0x8b, 8, 0, 1, 2, 3, 4];

  const found = findPayload(makeImage({ payload }));

  assert.deepEqual([found.format, [...found.bytes]], ['gz', payload]);
});

const FORMATS: readonly [format: string, magic: readonly number[]][] = [
  ['xz', [0x5d, 0, 0, 0]],
  ['zst', [0x28, 0xb5, 0x2f, 0xfd]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['bz2', [0x42, 0x5a, 0x68, 0x39]],
  ['plain', [0x7f, 0x45, 0x4c, 0x46]],
];
for (const [format, magic] of FORMATS) {
  test(`findPayload() knows ${format} by ${magic.join(' ')}`, () => {
    assert.equal(findPayload(makeImage({ payload: [...magic, 0, 0, 0, 0, 0] })).format, format);
  });
}

const BAD: readonly [what: string, bytes: Uint8Array, message: RegExp][] = [
  ['another file', new Uint8Array(4096), /expected an x86 bzImage, found another file/],
  ['an old protocol', makeImage({ protocol: 0x0207 }), /found 0x0207/],
  ['a payload behind the end', makeImage({ length: 9999 }), /found 9999 at 1056 of 1082/],
  ['another compression', makeImage({ payload: [1, 2, 3, 4, 5, 6] }), /bytes 01 02 03 04 05 06/],
];
for (const [what, bytes, message] of BAD) {
  test(`findPayload() refuses ${what}`, () => {
    assert.throws(
      () => findPayload(bytes),
      (error) => error instanceof KernelImageParseError && message.test(error.message),
    );
  });
}

test('findPayload() parses or refuses every prefix and damage of an image', () => {
  for (const bytes of hostileVariants(makeImage({}), { flipCount: 2000 })) {
    assertParsesOrThrows(() => isBzImage(bytes) && findPayload(bytes), KernelImageParseError);
  }
});

/** A vmlinux with two notes in one segment, as head.S writes them. */
function makeVmlinux({ type = 18, name = 'Xen\0' }): Uint8Array {
  const bytes = new Uint8Array(256);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 4, true);
  view.setBigUint64(64 + 8, 160n, true);
  view.setBigUint64(64 + 32, 44n, true);
  view.setUint32(160, 6, true);
  view.setUint32(164, 4, true);
  view.setUint32(168, 3, true);
  bytes.set(Buffer.from('Linux\0'), 172);
  view.setUint32(184, 4, true);
  view.setUint32(188, 4, true);
  view.setUint32(192, type, true);
  bytes.set(Buffer.from(name), 196);
  return bytes;
}

test('hasPvhEntry() finds the note after others', () => {
  assert.equal(hasPvhEntry(makeVmlinux({})), true);
});

test('hasPvhEntry() wants the type and the name', () => {
  assert.equal(hasPvhEntry(makeVmlinux({ type: 5 })), false);
  assert.equal(hasPvhEntry(makeVmlinux({ name: 'GNU\0' })), false);
});

test('hasPvhEntry() answers for every prefix and damage of a file', () => {
  for (const bytes of hostileVariants(makeVmlinux({}), { flipCount: 2000 })) {
    assert.equal(typeof hasPvhEntry(bytes), 'boolean');
  }
});
