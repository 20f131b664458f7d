import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import type { Tree, TreeEntry } from './tree.ts';

/** Which part of a tree is packed, and how it is named. */
export interface PackOptions {
  /** The folder of the tree that is packed; empty for all of it. */
  readonly root: string;
  /** The folder that the archive has instead. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Some tools take the beginning of 1970 for no time at all. */
const SOURCE_TIME = new Date('2020-01-01T00:00:00Z');

/**
 * Packs a tree into a `.tar.gz`, byte for byte the same for the same tree: without owners and times.
 *
 * @param path Must not exist.
 */
export async function packTree(
  tree: Tree,
  path: string,
  { root, folder, signal }: PackOptions,
): Promise<void> {
  const archive = pack();
  // 9 costs little more than the default for sources, and is what gzip(1) would be asked for.
  const written = pipeline(
    archive,
    createGzip({ level: 9 }),
    createWriteStream(path, { flags: 'wx' }),
    {
      signal,
    },
  );
  written.catch(() => undefined);
  const inside = (entryPath: string): string | undefined => relocate(entryPath, root, folder);
  try {
    await tree.walk(async (entry, content) => {
      const name = inside(entry.path);
      if (name === undefined) return;
      await addEntry(archive, toHeader(entry, name, inside), content);
    }, signal);
    archive.finalize();
  } catch (error) {
    archive.destroy();
    await written.catch(() => undefined);
    throw error;
  }
  await written;
}

type EntryHeader = Parameters<Pack['entry']>[0];

/** @returns undefined for what is outside of the root. */
function relocate(path: string, root: string, folder: string): string | undefined {
  if (root === '') return `${folder}/${path}`;
  return path.startsWith(`${root}/`) ? `${folder}${path.slice(root.length)}` : undefined;
}

function toHeader(
  entry: TreeEntry,
  name: string,
  inside: (path: string) => string | undefined,
): EntryHeader {
  const common = { name, mtime: SOURCE_TIME, uid: 0, gid: 0 };
  switch (entry.kind) {
    case 'file':
      return {
        ...common,
        type: 'file',
        size: entry.sizeBytes,
        mode: entry.isProgram ? 0o755 : 0o644,
      };
    case 'directory':
      return { ...common, type: 'directory', mode: 0o755 };
    case 'symlink':
      return { ...common, type: 'symlink', linkname: entry.linkTo, mode: 0o777 };
    default:
      return {
        ...common,
        type: 'link',
        linkname: inside(entry.linkTo) ?? entry.linkTo,
        mode: 0o644,
      };
  }
}

async function addEntry(
  archive: Pack,
  header: EntryHeader,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (header.type !== 'file') {
    archive.entry(header);
    return;
  }
  const sink = archive.entry(header);
  await pipeline(content, sink);
}
