import { createHash } from 'node:crypto';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KmodSource } from '../../model/kmod.ts';
import type { Sha256Hex } from '../../model/store.ts';
import { UNTRACKED } from './directory-tree.ts';
import { createTreeBounds, type TreeBounds } from './tree.ts';

/** How the files of a source look from outside. */
export interface SourceStamp {
  /** Of names, sizes, modes and times, and of what the inventory says of the source. */
  readonly digest: Sha256Hex;
  /** The last change of any of the files, in milliseconds since 1970; a copy of old files is a change. */
  readonly changedAtMs: number;
}

/**
 * Looks at the files of a source without reading any.
 *
 * @returns undefined for a source whose files do not lie on this machine and may change.
 * @throws An error of `node:fs` if the source is missing.
 */
export async function stampSource(source: KmodSource): Promise<SourceStamp | undefined> {
  const entries: Entry[] = [];
  const bounds = createTreeBounds('directory');
  switch (source.kind) {
    case 'spec':
      entries.push(await stampFile(source.spec), ...(await stampFolder(source.sources, bounds)));
      break;
    case 'srpm':
      entries.push(await stampFile(source.path));
      break;
    case 'dkms':
      entries.push(...(await stampTree(source.path, bounds)));
      break;
    case 'download':
      break;
    default:
      return undefined;
  }
  const text = JSON.stringify([source, entries]);
  return {
    digest: createHash('sha256').update(text).digest('hex'),
    changedAtMs: Math.max(0, ...entries.map(({ changedAtMs }) => changedAtMs)),
  };
}

interface Entry {
  readonly path: string;
  /** Two versions that were unpacked at the same instant may be alike in all else. */
  readonly inode: number;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** Not even `cp --preserve` sets this one back. */
  readonly changedAtMs: number;
}

type Found = Awaited<ReturnType<typeof stat>>;

function toEntry(path: string, found: Found): Entry {
  return {
    path,
    inode: Number(found.ino),
    mode: Number(found.mode),
    sizeBytes: Number(found.size),
    modifiedAtMs: Number(found.mtimeMs),
    changedAtMs: Number(found.ctimeMs),
  };
}

async function stampFile(path: string): Promise<Entry> {
  return toEntry(path, await stat(path));
}

/** As a folder of sources is read: without what lies deeper. */
async function stampFolder(directory: string, bounds: TreeBounds): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const path of (await readdir(directory)).sort()) {
    const found = await stat(join(directory, path)).catch(() => undefined);
    if (!found?.isFile()) continue;
    bounds.admit({ path, sizeBytes: found.size });
    entries.push(toEntry(path, found));
  }
  return entries;
}

/** A file, or a directory with everything below it. */
async function stampTree(path: string, bounds: TreeBounds): Promise<readonly Entry[]> {
  const found = await stat(path);
  const own = toEntry(path, found);
  return found.isDirectory() ? [own, ...(await stampBelow(path, bounds))] : [own];
}

async function stampBelow(directory: string, bounds: TreeBounds): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const name of (await readdir(directory)).sort()) {
    if (UNTRACKED.has(name)) continue;
    const path = join(directory, name);
    const found = await lstat(path);
    bounds.admit({ path, sizeBytes: found.isFile() ? found.size : 0 });
    entries.push(toEntry(path, found));
    if (found.isDirectory()) entries.push(...(await stampBelow(path, bounds)));
  }
  return entries;
}
