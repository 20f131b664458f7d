import type { CompressionFormat } from './decompress.ts';
import { streamProgram } from './stream-program.ts';

/**
 * As the kernel's own installation of modules calls them: what the kernel itself can unpack when it loads
 * a module, with CRC32 and a small dictionary.
 *
 * @see Linux 6.1 scripts/Makefile.modinst, quiet_cmd_xz and those beside it
 */
const MODULE_COMPRESSORS: Readonly<
  Record<'gz' | 'xz' | 'zst', readonly [string, ...(readonly string[])]>
> = {
  gz: ['gzip', '-n', '-c'],
  xz: ['xz', '--check=crc32', '--lzma2=dict=1MiB', '-c'],
  zst: ['zstd', '-q', '-c'],
};

/**
 * Names the program that compresses a kernel module.
 *
 * @returns Without the file; undefined if a module is left as it is.
 */
export function moduleCompressor(
  format: CompressionFormat,
): readonly [string, ...(readonly string[])] | undefined {
  return format === 'gz' || format === 'xz' || format === 'zst'
    ? MODULE_COMPRESSORS[format]
    : undefined;
}

/** By rpm's names of them. */
const PAYLOAD_COMPRESSORS: ReadonlyMap<string, readonly [string, ...(readonly string[])]> = new Map(
  [
    ['gzip', ['gzip', '-n', '-c']],
    ['bzip2', ['bzip2', '-c']],
    ['xz', ['xz', '-T1', '-c']],
    ['lzma', ['xz', '--format=lzma', '-T1', '-c']],
    ['zstd', ['zstd', '-q', '-T1', '-c']],
  ],
);
const FIRST_ULTRA_LEVEL = 20;

/**
 * Names the program that compresses a payload as a package says that its own is.
 *
 * @param flags rpm's, e.g. `19T8`: the level counts, threads and windows are left to the program.
 * @returns Without the file; undefined for a compressor that is not known.
 */
export function payloadCompressor(
  compressor: string,
  flags: string,
): readonly [string, ...(readonly string[])] | undefined {
  const argv = PAYLOAD_COMPRESSORS.get(compressor);
  const [digits] = /^\d{1,2}/.exec(flags) ?? [];
  if (argv === undefined || digits === undefined) return argv;
  const level = Number(digits);
  const ultra = compressor === 'zstd' && level >= FIRST_ULTRA_LEVEL ? ['--ultra'] : [];
  return [...argv, ...ultra, `-${level}`];
}

/** Runs a compressor on a file. @throws {ProgramFailedError} */
export function compressFile(
  argv: readonly [string, ...(readonly string[])],
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  return streamProgram([...argv, path], { signal });
}
