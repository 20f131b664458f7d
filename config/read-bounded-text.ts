import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ConfigError } from '../model/config-errors.ts';

/** A configuration for thousands of kmods is about 500 kB. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * Reads a text file that may come from anybody.
 *
 * @throws {ConfigError} If it cannot be read, is no plain file, is larger than 1 MiB or no UTF-8.
 */
export async function readBoundedText(file: string): Promise<string> {
  const bytes = await readBounded(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError(file, [{ file, sentence: 'not text: expected UTF-8' }], { cause: error });
  }
}

async function readBounded(file: string): Promise<Uint8Array> {
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error) => {
    throw new ConfigError(file, [{ file, sentence: describeOpenError(error) }], { cause: error });
  });
  try {
    if (!(await handle.stat()).isFile()) {
      throw new ConfigError(file, [{ file, sentence: 'not a plain file' }]);
    }
    const buffer = new Uint8Array(MAX_CONFIG_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > MAX_CONFIG_BYTES) {
      throw new ConfigError(file, [{ file, sentence: 'too large: expected at most 1 MiB' }]);
    }
    return buffer.subarray(0, length);
  } finally {
    await handle.close();
  }
}

function describeOpenError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'not readable: permission denied';
  return `not readable: ${error instanceof Error ? error.message : String(error)}`;
}
