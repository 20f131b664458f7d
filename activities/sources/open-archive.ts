import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import { type CompressionFormat, decompress } from '../decompress.ts';
import { openRpm } from '../rpm-file.ts';
import { openDebPackage } from './deb-tree.ts';
import { openRpmTree } from './rpm-tree.ts';
import { openTarTree } from './tar-tree.ts';
import type { Tree } from './tree.ts';

/** What an archive file is, told by its first bytes and not by its name. */
export type ArchiveKind = 'rpm' | 'deb' | 'tar';

const TAR_BYTES_LIMIT = 16 * 1024 ** 3;
const RPM_MAGIC = 'edabeedb';
const DEB_MAGIC = '213c617263683e0a';
const COMPRESSIONS: readonly (readonly [magic: string, format: CompressionFormat])[] = [
  ['1f8b', 'gz'],
  ['fd377a585a00', 'xz'],
  ['5d0000', 'xz'],
  ['28b52ffd', 'zst'],
  ['425a68', 'bz2'],
];
const MAGIC_BYTES = 8;

/**
 * Opens an RPM, a Debian package or a tar archive, compressed in whatever way, as a source tree.
 *
 * @throws {ContentInvalidError} If it is none of these.
 * @throws {RpmHeaderParseError} If it is a damaged RPM.
 * @throws {ArchiveParseError} If it is a damaged Debian package.
 */
export async function openArchive(
  path: string,
): Promise<{ readonly kind: ArchiveKind; readonly tree: Tree }> {
  const magic = await readMagic(path);
  if (magic.startsWith(RPM_MAGIC)) {
    return { kind: 'rpm', tree: openRpmTree(path, await openRpm(path)) };
  }
  if (magic.startsWith(DEB_MAGIC)) return { kind: 'deb', tree: (await openDebPackage(path)).files };
  const format = COMPRESSIONS.find(([start]) => magic.startsWith(start))?.[1] ?? 'plain';
  if (format === 'plain' && !(await isTar(path))) {
    throw new ContentInvalidError(path, 'expected an RPM, a Debian package or a tar archive');
  }
  const tree = openTarTree(path, (signal) =>
    decompress(format, createReadStream(path), { maxBytes: TAR_BYTES_LIMIT, signal }),
  );
  return { kind: 'tar', tree };
}

/** The first bytes in hexadecimal. */
async function readMagic(path: string): Promise<string> {
  return Buffer.from(await readAt(path, 0, MAGIC_BYTES)).toString('hex');
}

/** @see tar(5): `ustar` stands at 257, in GNU's and in POSIX' form. */
async function isTar(path: string): Promise<boolean> {
  return Buffer.from(await readAt(path, 257, 5)).toString('latin1') === 'ustar';
}

async function readAt(path: string, start: number, byteCount: number): Promise<Uint8Array> {
  await using file = await open(path);
  const bytes = new Uint8Array(byteCount);
  const { bytesRead } = await file.read(bytes, 0, byteCount, start);
  return bytes.subarray(0, bytesRead);
}
