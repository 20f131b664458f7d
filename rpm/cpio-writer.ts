import { joinBytes } from './join-bytes.ts';

/** One entry of an archive that is written. */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'file';
      /** Without a leading slash, e.g. `m/3`. */
      readonly path: string;
      /** Permission bits. @default {0o644} */
      readonly mode?: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly kind: 'character-device';
      readonly path: string;
      readonly major: number;
      readonly minor: number;
    };

const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const S_IFCHR = 0o020000;
const S_IFLNK = 0o120000;
const HEADER_BYTES = 110;
const FIELD_LIMIT = 2 ** 32;
const SIZE_FIELD_AT = 54;
const CHECK_FIELD_AT = 102;

/**
 * Writes a "new ASCII" cpio archive as the kernel unpacks it into its first root file system.
 *
 * Everything belongs to root and is of 1970, so that equal entries give equal bytes.
 *
 * @param entries Directories before what lies in them.
 * @see Linux 6.1 Documentation/driver-api/early-userspace/buffer-format.rst
 */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const pieces = entries.flatMap((entry, index) => writeEntry(entry, index + 1));
  return joinBytes([...pieces, writeCpioTrailer()]);
}

/** Writes what stands behind the last entry. */
export function writeCpioTrailer(): Uint8Array {
  return writeHeader('TRAILER!!!', { inode: 0, mode: 0, sizeBytes: 0, device: [0, 0] });
}

/**
 * Writes the head of an entry again, for content of another size.
 *
 * @param head Header and name as an archive has them.
 */
export function resizeCpioHead(head: Uint8Array, sizeBytes: number): Uint8Array {
  const resized = new Uint8Array(head);
  // In the form without a checksum: that would be another.
  resized.set(new TextEncoder().encode('070701'));
  resized.set(new TextEncoder().encode(toField(sizeBytes)), SIZE_FIELD_AT);
  resized.set(new TextEncoder().encode(toField(0)), CHECK_FIELD_AT);
  return resized;
}

/** The zero bytes between content of this size and the next entry. */
export function cpioPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array(padding(sizeBytes));
}

function writeEntry(entry: CpioEntry, inode: number): readonly Uint8Array[] {
  switch (entry.kind) {
    case 'directory':
      return [
        writeHeader(entry.path, { inode, mode: S_IFDIR | 0o755, sizeBytes: 0, device: [0, 0] }),
      ];
    case 'link': {
      const target = new TextEncoder().encode(entry.target);
      const sizeBytes = target.length;
      const mode = S_IFLNK | 0o777;
      const header = writeHeader(entry.path, { inode, mode, sizeBytes, device: [0, 0] });
      return [header, target, new Uint8Array(padding(sizeBytes))];
    }
    case 'character-device': {
      const device = [entry.major, entry.minor] as const;
      return [writeHeader(entry.path, { inode, mode: S_IFCHR | 0o600, sizeBytes: 0, device })];
    }
    case 'file': {
      const { bytes, mode = 0o644 } = entry;
      const sizeBytes = bytes.length;
      const header = writeHeader(entry.path, {
        inode,
        mode: S_IFREG | mode,
        sizeBytes,
        device: [0, 0],
      });
      return [header, bytes, cpioPadding(sizeBytes)];
    }
  }
}

interface HeaderFields {
  readonly inode: number;
  readonly mode: number;
  readonly sizeBytes: number;
  /** Major and minor number of a device node. */
  readonly device: readonly [number, number];
}

/** Fields: inode, mode, uid, gid, links, mtime, size, device, device of a node, name size, check. */
function writeHeader(path: string, { inode, mode, sizeBytes, device }: HeaderFields): Uint8Array {
  const name = new TextEncoder().encode(`${path}\0`);
  const links = (mode & S_IFDIR) === S_IFDIR ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, sizeBytes, 0, 0, ...device, name.length, 0];
  const header = new TextEncoder().encode(`070701${fields.map(toField).join('')}`);
  return joinBytes([header, name, new Uint8Array(padding(HEADER_BYTES + name.length))]);
}

function toField(value: number): string {
  if (value >= FIELD_LIMIT) throw new Error(`BUG: a cpio field of ${value} is too large`);
  return value.toString(16).padStart(8, '0');
}

function padding(byteCount: number): number {
  return (4 - (byteCount % 4)) % 4;
}
