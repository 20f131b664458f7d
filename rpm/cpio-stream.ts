import { CpioParseError, quoteExcerpt } from '../model/parse-errors.ts';
import { joinBytes } from './join-bytes.ts';

/** One entry of an archive. */
export interface CpioEntry {
  /** Absolute: `./lib/x.ko` and `lib/x.ko` are both `/lib/x.ko`. */
  readonly path: string;
  /** As `stat` has it, e.g. `0o100755`. */
  readonly mode: number;
  readonly sizeBytes: number;
  /** Names of the file; of several only the last has the content. */
  readonly linkCount: number;
  /** Header and name as they stand in the archive, with padding. */
  readonly head: Uint8Array;
}

/** What is done with the entries of an archive; what one of these throws ends the reading. */
export interface CpioStreamHandlers {
  /** @returns Whether the entry's content is wanted. */
  readonly onEntry: (entry: CpioEntry) => boolean;
  /** Gets the content of a wanted entry piece by piece; the bytes are valid during the call only. */
  readonly onData: (bytes: Uint8Array) => void;
  /** Follows the last piece of a wanted entry. */
  readonly onEnd: () => void;
}

/** A push reader: pieces of any length, then the end. */
export interface CpioReader {
  write(chunk: Uint8Array): void;
  close(): void;
}

interface Entry extends Pick<CpioEntry, 'mode' | 'sizeBytes' | 'linkCount'> {
  readonly nameBytes: number;
  readonly bytes: Uint8Array;
}

const HEADER_BYTES = 110;
const NAME_BYTES_LIMIT = 4097;
const ENTRY_LIMIT = 2_000_000;
const MAGICS = ['070701', '070702'];
const RPM_LARGE_FILE_MAGIC = '07070X';
const TRAILER = 'TRAILER!!!';
const HEX = /^[0-9A-Fa-f]{8}$/;

/**
 * Creates an incremental reader of a "new ASCII" cpio archive that keeps no content, however large.
 *
 * All kinds of entries are given; the content of a symbolic link is its target. What follows the trailer
 * is ignored.
 *
 * @throws {CpioParseError} From `write` and `close`, if it is no such archive, cut short, leaves its
 *   root or is out of bounds.
 * @see cpio(5); rpm 4.18 lib/cpio.c (rpm's own 07070X is for files over 4 GB)
 */
export function createCpioStream(handlers: CpioStreamHandlers): CpioReader {
  const collector = createCollector();
  let step: () => boolean = readHeader;
  let entryCount = 0;
  let isEnded = false;
  /** Bytes to hand out. */
  let wantedBytes = 0;
  /** Bytes to pass over: padding, or an entry that nobody wants. */
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

  function readEntryName({ nameBytes, bytes, ...entry }: Entry): boolean {
    const { sizeBytes } = entry;
    const nameField = collector.take();
    const name = parseName(nameField.subarray(0, nameBytes));
    if (name === TRAILER) {
      isEnded = true;
      return false;
    }
    const head = joinBytes([bytes, nameField]);
    const isWanted = handlers.onEntry({ path: normalizePath(name), ...entry, head });
    wantedBytes = isWanted ? sizeBytes : 0;
    skipBytes = padding(sizeBytes) + (isWanted ? 0 : sizeBytes);
    if (isWanted && sizeBytes === 0) handlers.onEnd();
    collector.expect(HEADER_BYTES);
    step = readHeader;
    return true;
  }

  /** @returns What remains after the content and padding of the entry. */
  function passContent(chunk: Uint8Array): Uint8Array {
    const given = Math.min(wantedBytes, chunk.length);
    if (given > 0) {
      wantedBytes -= given;
      handlers.onData(chunk.subarray(0, given));
      if (wantedBytes === 0) handlers.onEnd();
    }
    const skipped = wantedBytes > 0 ? 0 : Math.min(skipBytes, chunk.length - given);
    skipBytes -= skipped;
    return chunk.subarray(given + skipped);
  }

  return {
    write(chunk) {
      let rest = chunk;
      while (!isEnded) {
        rest = passContent(rest);
        if (wantedBytes > 0 || skipBytes > 0) return;
        rest = rest.subarray(collector.add(rest));
        if (!collector.isComplete() || !step()) return;
      }
    },
    close() {
      if (!isEnded) throw new CpioParseError('expected a trailer, found the end of the archive');
    },
  };
}

/** Collects a known number of bytes, at most a header or a name. */
function createCollector() {
  let pieces: Uint8Array[] = [];
  let missing = 0;
  return {
    expect(byteCount: number): void {
      pieces = [];
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
      return joinBytes(pieces);
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
    mode: parseField(text, 1),
    linkCount: parseField(text, 4),
    bytes,
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
