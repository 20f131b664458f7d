import { CpioParseError } from '../../model/parse-errors.ts';
import type { CpioEntry } from '../../rpm/cpio-stream.ts';
import type { RpmFileReader } from '../rpm-file.ts';
import {
  createTreeBounds,
  noContent,
  normalizeTreePath,
  type Tree,
  type TreeEntry,
} from './tree.ts';

const FILE_TYPE_MASK = 0o170000;
const LINK_BYTES_LIMIT = 4096;

/**
 * Opens the payload of an RPM as a source tree: a source package's files have no directory, a binary
 * package's lie where they would be installed.
 */
export function openRpmTree(name: string, rpm: RpmFileReader): Tree {
  return {
    name,
    async walk(visit, signal) {
      const bounds = createTreeBounds('cpio');
      await rpm.walkEntries(async (found, content) => {
        const entry = await toEntry(found, content);
        if (entry === undefined) return;
        bounds.admit(entry);
        await visit(entry, entry.kind === 'file' ? content : noContent());
      }, signal);
    },
  };
}

async function toEntry(
  { path: absolute, mode, sizeBytes }: CpioEntry,
  content: AsyncIterable<Uint8Array>,
): Promise<TreeEntry | undefined> {
  const path = normalizeTreePath('cpio', absolute);
  if (path === '') return undefined;
  const entry = { path, isProgram: false, sizeBytes: 0, linkTo: '' };
  switch (mode & FILE_TYPE_MASK) {
    case 0o100000:
      return { ...entry, kind: 'file', isProgram: (mode & 0o100) !== 0, sizeBytes };
    case 0o040000:
      return { ...entry, kind: 'directory' };
    case 0o120000:
      return { ...entry, kind: 'symlink', linkTo: await readTarget(sizeBytes, content) };
    default:
      return undefined;
  }
}

async function readTarget(sizeBytes: number, content: AsyncIterable<Uint8Array>): Promise<string> {
  if (sizeBytes > LINK_BYTES_LIMIT) {
    const detail = `expected a link of at most ${LINK_BYTES_LIMIT} bytes, found ${sizeBytes}`;
    throw new CpioParseError(detail);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return new TextDecoder().decode(Buffer.concat(pieces));
}
