/** A piece of what a container wrote. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

const HEADER_BYTES = 8;
const STDERR_TYPE = 2;

/**
 * Splits an attached container's stream into standard output and standard error.
 *
 * Frames have a header of 8 bytes: type (0 and 1 output, 2 error), three zeros, the size as 32 bits,
 * big endian. Frames are handed on in pieces as they come, so a large one is never held in memory.
 *
 * @throws {Error} If a header has another type, or the stream ends inside of a frame.
 * @see Docker Engine API 1.41, ContainerAttach, "Stream format"
 */
export async function* demultiplex(
  source: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<OutputChunk> {
  let header = new Uint8Array(0);
  let stream: OutputChunk['stream'] = 'stdout';
  let missingBytes = 0;
  for await (const piece of source) {
    let rest: Uint8Array = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
    while (rest.length > 0) {
      if (missingBytes > 0) {
        const bytes = rest.subarray(0, missingBytes);
        missingBytes -= bytes.length;
        rest = rest.subarray(bytes.length);
        yield { stream, bytes };
        continue;
      }
      const taken = rest.subarray(0, HEADER_BYTES - header.length);
      header = concatenate(header, taken);
      rest = rest.subarray(taken.length);
      if (header.length === HEADER_BYTES) {
        stream = readStreamType(header);
        missingBytes = new DataView(header.buffer).getUint32(4);
        header = new Uint8Array(0);
      }
    }
  }
  if (missingBytes > 0 || header.length > 0) {
    throw new Error('the output ended inside of a frame');
  }
}

function readStreamType(header: Uint8Array): OutputChunk['stream'] {
  const [type = 0, ...padding] = header.subarray(0, 4);
  if (type > STDERR_TYPE || padding.some((byte) => byte !== 0)) {
    throw new Error(`the output has a frame of the unknown type ${type}`);
  }
  return type === STDERR_TYPE ? 'stderr' : 'stdout';
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
