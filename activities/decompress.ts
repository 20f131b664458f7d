import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ProgramFailedError } from '../model/activity-errors.ts';
import { DecompressError } from '../model/parse-errors.ts';

/** How something is compressed, named by the usual file name extension. */
export type CompressionFormat = 'plain' | 'gz' | 'xz' | 'zst' | 'bz2' | 'lz4';

/** Bounds of a decompression. */
export interface DecompressOptions {
  /** More than this is an error. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

const EXTENSIONS: ReadonlyMap<string, CompressionFormat> = new Map([
  ['gz', 'gz'],
  ['xz', 'xz'],
  ['lzma', 'xz'],
  ['zst', 'zst'],
  ['bz2', 'bz2'],
  ['lz4', 'lz4'],
]);
/**
 * `xz -9` needs 65 MiB, `zstd --ultra -22` 128 MiB to unpack; what needs more is made to hurt.
 * bzip2 and lz4 need 8 MiB at most.
 */
const PROGRAMS = {
  xz: ['xz', '-dc', '--memlimit=256MiB'],
  zst: ['zstd', '-dc', '-q', '-M256MB'],
  bz2: ['bzip2', '-dc'],
  lz4: ['lz4', '-dcq'],
} as const;
const STDERR_LENGTH_LIMIT = 2000;

/** Real metadata unpacks to 6 to 20 times its size; what promises much more is a bomb. */
const MAX_RATIO = 200;
/** Below this, no ratio is absurd. */
const SMALL_BYTES = 16 * 1024 * 1024;

/** Bounds what metadata of a size on disk may unpack to. */
export function boundOpenBytes(
  format: CompressionFormat,
  sizeBytes: number,
  maxBytes: number,
): number {
  if (format === 'plain') return maxBytes;
  return Math.min(maxBytes, Math.max(SMALL_BYTES, sizeBytes * MAX_RATIO));
}

/**
 * Names a file's compression by its extension; `plain` for any other.
 *
 * @param fileName E.g. `repodata/0a1b-primary.xml.zst`, `jool.ko.xz`.
 */
export function formatOf(fileName: string): CompressionFormat {
  return EXTENSIONS.get(fileName.slice(fileName.lastIndexOf('.') + 1)) ?? 'plain';
}

/**
 * Decompresses a stream: gzip here, the others by the programs xz, zstd, bzip2 and lz4 with their
 * memory limited. A program never outlives the iteration, also when the consumer stops early.
 *
 * @throws {DecompressError} If the stream is broken or longer than `maxBytes`.
 * @throws {ProgramFailedError} If the program is missing.
 */
export async function* decompress(
  format: CompressionFormat,
  source: AsyncIterable<Uint8Array>,
  { maxBytes, signal }: DecompressOptions,
): AsyncGenerator<Uint8Array> {
  let byteCount = 0;
  for await (const chunk of open(format, source, signal)) {
    byteCount += chunk.length;
    if (byteCount > maxBytes) {
      throw new DecompressError(format, `expected at most ${maxBytes} bytes, found more`);
    }
    yield chunk;
  }
}

/** Decompresses what is in memory; see {@link decompress}. */
export async function decompressBytes(
  format: CompressionFormat,
  bytes: Uint8Array,
  options: DecompressOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompress(format, Readable.from([bytes]), options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function open(
  format: CompressionFormat,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  if (format === 'plain') return passThrough(source, signal);
  return format === 'gz' ? gunzip(source, signal) : runProgram(format, source, signal);
}

async function* passThrough(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    yield chunk;
  }
}

async function* gunzip(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const input = watch(source);
  const stream = createGunzip();
  const end = pipeline(Readable.from(input.chunks(), { objectMode: false }), stream, { signal });
  end.catch(() => undefined);
  try {
    for await (const chunk of stream) yield asBytes(chunk);
    await end;
  } catch (cause) {
    signal.throwIfAborted();
    input.throwIfFailed();
    throw new DecompressError('gz', describe(cause), { cause });
  } finally {
    stream.destroy();
  }
}

async function* runProgram(
  format: keyof typeof PROGRAMS,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const [program, ...args] = PROGRAMS[format];
  const input = watch(source);
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], killSignal: 'SIGKILL' });
  const kill = () => child.kill('SIGKILL');
  const closed = once(child, 'close');
  closed.catch(() => undefined);
  signal.addEventListener('abort', kill);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, STDERR_LENGTH_LIMIT);
  });
  const pump = pipeline(Readable.from(input.chunks(), { objectMode: false }), child.stdin);
  // A program that gives up closes its input (EPIPE); its exit code and words tell why. A source
  // that fails must not look like the end of the data.
  pump.catch(() => {
    if (input.hasFailed()) kill();
  });
  let isClosed = false;
  try {
    for await (const chunk of child.stdout) yield asBytes(chunk);
    const [exitCode] = await closed.catch((cause: unknown) => {
      throw new ProgramFailedError([program, ...args], missingProgram(program), { cause });
    });
    isClosed = true;
    signal.throwIfAborted();
    input.throwIfFailed();
    if (exitCode !== 0) throw new DecompressError(format, stderr.trim() || `exit code ${exitCode}`);
  } finally {
    signal.removeEventListener('abort', kill);
    if (!isClosed) {
      kill();
      child.stdin.destroy();
      await closed.catch(() => undefined);
    }
  }
}

/** Passes chunks on and remembers whether it was the source that failed. */
function watch(source: AsyncIterable<Uint8Array>) {
  let failure: { readonly error: unknown } | undefined;
  return {
    async *chunks(): AsyncGenerator<Uint8Array> {
      try {
        yield* source;
      } catch (error) {
        failure = { error };
        throw error;
      }
    },
    hasFailed: () => failure !== undefined,
    throwIfFailed(): void {
      if (failure !== undefined) throw failure.error;
    },
  };
}

function missingProgram(program: string) {
  return { exitCode: null, stderrTail: '', detail: `expected the program ${program}, found none` };
}

function asBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new Error('BUG: a byte stream gave something else than bytes');
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
