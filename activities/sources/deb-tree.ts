import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ArchiveParseError, quoteExcerpt } from '../../model/parse-errors.ts';
import { decompress, formatOf } from '../decompress.ts';
import { openTarTree } from './tar-tree.ts';
import type { Tree } from './tree.ts';

/** A Debian package: what it installs, and what it says of itself. */
export interface DebPackage {
  readonly files: Tree;
  readonly control: Tree;
}

interface Member {
  readonly name: string;
  readonly start: number;
  readonly sizeBytes: number;
}

const MAGIC = '!<arch>\n';
const HEADER_BYTES = 60;
const MEMBER_LIMIT = 16;
const HEADER = /^(?<name>.{16}).{32}(?<size>[0-9]+) *`\n$/s;
const TAR_BYTES_LIMIT = 16 * 1024 ** 3;

/**
 * Opens a Debian package.
 *
 * @throws {ArchiveParseError} If it is none.
 * @see deb(5)
 */
export async function openDebPackage(path: string): Promise<DebPackage> {
  const members = await readMembers(path);
  return {
    files: openMember(path, members, 'data'),
    control: openMember(path, members, 'control'),
  };
}

function openMember(path: string, members: readonly Member[], part: string): Tree {
  const member = members.find(({ name }) => name.startsWith(`${part}.tar`));
  if (member === undefined) {
    const found = members.map(({ name }) => name).join(', ') || 'nothing';
    throw new ArchiveParseError('deb', `expected ${part}.tar, found ${quoteExcerpt(found)}`);
  }
  const { name, start, sizeBytes } = member;
  return openTarTree(path, (signal) =>
    decompress(formatOf(name), createReadStream(path, { start, end: start + sizeBytes - 1 }), {
      maxBytes: TAR_BYTES_LIMIT,
      signal,
    }),
  );
}

async function readMembers(path: string): Promise<readonly Member[]> {
  await using file = await open(path);
  const { size } = await file.stat();
  if ((await readText(file, 0, MAGIC.length)) !== MAGIC) {
    throw new ArchiveParseError('deb', 'expected the magic of ar, found none');
  }
  const members: Member[] = [];
  for (let at = MAGIC.length; at < size && members.length < MEMBER_LIMIT; ) {
    const groups = HEADER.exec(await readText(file, at, HEADER_BYTES))?.groups;
    const sizeBytes = Number(groups?.size);
    const start = at + HEADER_BYTES;
    if (groups === undefined || sizeBytes === 0 || start + sizeBytes > size) {
      throw new ArchiveParseError('deb', `expected a member within ${size} bytes at ${at}`);
    }
    // GNU ar ends names with a slash, dpkg does not.
    members.push({ name: (groups.name ?? '').trimEnd().replace(/\/$/, ''), start, sizeBytes });
    at = start + sizeBytes + (sizeBytes % 2);
  }
  return members;
}

async function readText(file: FileHandle, start: number, byteCount: number): Promise<string> {
  const bytes = new Uint8Array(byteCount);
  const { bytesRead } = await file.read(bytes, 0, byteCount, start);
  return Buffer.from(bytes.subarray(0, bytesRead)).toString('latin1');
}
