import { CpioParseError, quoteExcerpt } from '../model/parse-errors.ts';

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

/** A push reader: pieces of any length, then the end. */
export interface CpioReader {
  write(chunk: Uint8Array): void;
  close(): void;
}

interface Entry {
  readonly nameBytes: number;
  readonly sizeBytes: number;
  readonly isRegularFile: boolean;
}

const HEADER_BYTES = 110;
const NAME_BYTES_LIMIT = 4097;
const ENTRY_LIMIT = 2_000_000;
const MAGICS = ['070701', '070702'];
const RPM_LARGE_FILE_MAGIC = '07070X';
const TRAILER = 'TRAILER!!!';
const HEX = /^[0-9A-Fa-f]{8}$/;

/**
 * Creates an incremental reader of a "new ASCII" cpio archive, an RPM's payload.
 *
 * Directories, links and devices are passed over. Of files that are hard links of each other only the
 * last has content, the others are empty. What follows the trailer is ignored.
 *
 * @throws {CpioParseError} From `write` and `close`, if it is no such archive, cut short, leaves its
 *   root or is out of bounds.
 * @see cpio(5); rpm 4.18 lib/cpio.c (rpm's own 07070X is for files over 4 GB)
 */
export function createCpioReader(handlers: CpioHandlers): CpioReader {
  const collector = createCollector();
  let step: () => boolean = readHeader;
  let entryCount = 0;
  let isEnded = false;
  /** Bytes to pass over: padding, or a file that nobody wants. */
  let skipBytes = 0;

  collector.expect(HEADER_BYTES);

  function readHeader(): boolean {
    const entry = parseHeader(collector.take());
    entryCount += 1;
    if (entryCount > ENTRY_LIMIT) {
      throw new CpioParseError(`expected at most ${ENTRY_LIMIT} entries, found more`);
    }
    collector.expect(entry.nameBytes + padding(HEADER_BYTES + entry.nameBytes));
    step = () => readEntryName(entry);
    return true;
  }

  function readEntryName(entry: Entry): boolean {
    const name = parseName(collector.take().subarray(0, entry.nameBytes));
    if (name === TRAILER) {
      isEnded = true;
      return false;
    }
    const path = normalizePath(name);
    if (entry.isRegularFile && handlers.wants(path, entry.sizeBytes)) {
      collector.expect(entry.sizeBytes);
      step = () => readContent(path, entry.sizeBytes);
    } else {
      skipBytes = entry.sizeBytes + padding(entry.sizeBytes);
      expectHeader();
    }
    return true;
  }

  function readContent(path: string, sizeBytes: number): boolean {
    handlers.onFile(path, collector.take());
    skipBytes = padding(sizeBytes);
    expectHeader();
    return true;
  }

  function expectHeader(): void {
    collector.expect(HEADER_BYTES);
    step = readHeader;
  }

  return {
    write(chunk) {
      let rest = chunk;
      while (!isEnded) {
        const skipped = Math.min(skipBytes, rest.length);
        skipBytes -= skipped;
        rest = rest.subarray(skipped);
        if (skipBytes > 0) return;
        rest = rest.subarray(collector.add(rest));
        if (!collector.isComplete() || !step()) return;
      }
    },
    close() {
      if (!isEnded) throw new CpioParseError('expected a trailer, found the end of the archive');
    },
  };
}

/** Collects a known number of bytes; memory grows with what came, not with what was announced. */
function createCollector() {
  let pieces: Uint8Array[] = [];
  let missing = 0;
  let expected = 0;
  return {
    expect(byteCount: number): void {
      pieces = [];
      expected = byteCount;
      missing = byteCount;
    },
    /** @returns How many of the bytes were taken. */
    add(bytes: Uint8Array): number {
      const taken = Math.min(missing, bytes.length);
      if (taken > 0) pieces.push(new Uint8Array(bytes.subarray(0, taken)));
      missing -= taken;
      return taken;
    },
    isComplete(): boolean {
      return missing === 0;
    },
    take(): Uint8Array {
      const [only] = pieces;
      if (only !== undefined && pieces.length === 1) return only;
      const all = new Uint8Array(expected);
      let at = 0;
      for (const piece of pieces) {
        all.set(piece, at);
        at += piece.length;
      }
      return all;
    },
  };
}

function parseHeader(bytes: Uint8Array): Entry {
  const text = String.fromCharCode(...bytes);
  const magic = text.slice(0, 6);
  if (magic === RPM_LARGE_FILE_MAGIC) {
    throw new CpioParseError("expected a newc archive, found rpm's form for files over 4 GB");
  }
  if (!MAGICS.includes(magic)) {
    throw new CpioParseError(`expected a newc archive, found magic ${quoteExcerpt(magic)}`);
  }
  const nameBytes = parseField(text, 11);
  if (nameBytes < 2 || nameBytes > NAME_BYTES_LIMIT) {
    throw new CpioParseError(
      `expected a name of 2 to ${NAME_BYTES_LIMIT} bytes, found ${nameBytes}`,
    );
  }
  return {
    nameBytes,
    sizeBytes: parseField(text, 6),
    isRegularFile: (parseField(text, 1) & 0o170000) === 0o100000,
  };
}

/** Fields are 13 numbers of eight hexadecimal digits: inode, mode, … size (6), … name size (11). */
function parseField(text: string, index: number): number {
  const field = text.slice(6 + 8 * index, 14 + 8 * index);
  if (!HEX.test(field)) {
    throw new CpioParseError(`expected 8 hexadecimal digits, found ${quoteExcerpt(field)}`);
  }
  return Number.parseInt(field, 16);
}

function parseName(bytes: Uint8Array): string {
  if (bytes.indexOf(0) !== bytes.length - 1) {
    throw new CpioParseError('expected a name of the announced length, found another');
  }
  return new TextDecoder().decode(bytes.subarray(0, -1));
}

function normalizePath(name: string): string {
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) {
    throw new CpioParseError(`expected a path without "..", found ${quoteExcerpt(name)}`);
  }
  return `/${segments.join('/')}`;
}

function padding(byteCount: number): number {
  return (4 - (byteCount % 4)) % 4;
}
