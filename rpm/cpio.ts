import { type CpioReader, createCpioStream } from './cpio-stream.ts';
import { joinBytes } from './join-bytes.ts';

export type { CpioReader } from './cpio-stream.ts';

/** What a reader does with the files of an archive. */
export interface CpioHandlers {
  /**
   * Asked for every regular file; what it throws ends the reading.
   *
   * @param path Absolute: `./lib/x.ko` and `lib/x.ko` are both `/lib/x.ko`.
   */
  readonly wants: (path: string, sizeBytes: number) => boolean;
  /** Gets the wanted files, in the archive's order. */
  readonly onFile: (path: string, bytes: Uint8Array) => void;
}

const FILE_TYPE_MASK = 0o170000;
const REGULAR_FILE = 0o100000;

/**
 * Creates an incremental reader of a "new ASCII" cpio archive, an RPM's payload, that gives whole files.
 *
 * Directories, links and devices are passed over. Of files that are hard links of each other only the
 * last has content, the others are empty. What follows the trailer is ignored.
 *
 * @throws {CpioParseError} See {@link createCpioStream}.
 */
export function createCpioReader(handlers: CpioHandlers): CpioReader {
  let path = '';
  // Memory grows with what came, not with what was announced.
  let pieces: Uint8Array[] = [];
  return createCpioStream({
    onEntry(entry) {
      const isFile = (entry.mode & FILE_TYPE_MASK) === REGULAR_FILE;
      ({ path } = entry);
      pieces = [];
      return isFile && handlers.wants(entry.path, entry.sizeBytes);
    },
    onData: (bytes) => pieces.push(new Uint8Array(bytes)),
    onEnd() {
      handlers.onFile(path, joinBytes(pieces));
      pieces = [];
    },
  });
}
