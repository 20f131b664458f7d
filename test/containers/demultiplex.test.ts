import assert from 'node:assert/strict';
import test from 'node:test';
import { demultiplex } from '../../containers/demultiplex.ts';

function frame(type: number, text: string): Buffer {
  const header = Buffer.from([type, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(source: AsyncIterable<Buffer>): Promise<Record<string, string>> {
  const texts: Record<string, string> = { stdout: '', stderr: '' };
  for await (const { stream, bytes } of demultiplex(source)) {
    texts[stream] += Buffer.from(bytes).toString();
  }
  return texts;
}

const WHOLE = Buffer.concat([frame(1, 'out'), frame(2, 'error'), frame(1, ''), frame(0, 'more')]);

test('demultiplex() splits the streams however the pieces are cut', async () => {
  for (let size = 1; size <= WHOLE.length; size += 1) {
    const texts = await collect(inPieces(WHOLE, size));

    assert.deepEqual(texts, { stdout: 'outmore', stderr: 'error' });
  }
});

test('demultiplex() throws when the stream ends inside of a frame', async () => {
  for (const length of [1, 7, 9, 12]) {
    await assert.rejects(collect(inPieces(WHOLE.subarray(0, length), 5)), /inside of a frame/);
  }
});

test('demultiplex() throws for a frame of an unknown type', async () => {
  await assert.rejects(collect(inPieces(frame(3, 'x'), 100)), /unknown type 3/);
  await assert.rejects(collect(inPieces(Buffer.from('plain text'), 100)), /unknown type/);
});
