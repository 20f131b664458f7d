import { createHash } from 'node:crypto';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { Sha256Hex } from '../../model/store.ts';
import type { Tree, TreeEntry } from './tree.ts';

/** One entry of a tree that was read, with the digest of its content. */
export interface DigestedEntry extends TreeEntry {
  readonly sha256: Sha256Hex;
}

/** What a tree holds. */
export interface TreeContent {
  /** Sorted by path. */
  readonly entries: readonly DigestedEntry[];
  /** The texts that were wanted, by path. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Specs and `dkms.conf` are small; anything beyond is none. */
const TEXT_BYTES_LIMIT = 4 * 1024 * 1024;

/**
 * Reads a tree once: digests every file, and keeps the few texts that are wanted.
 *
 * @throws {ContentInvalidError} If a wanted text is larger than 4 MiB, or two entries have one path.
 */
export async function readTree(
  tree: Tree,
  wantsText: (path: string) => boolean,
  signal: AbortSignal,
): Promise<TreeContent> {
  const entries = new Map<string, DigestedEntry>();
  const texts = new Map<string, string>();
  await tree.walk(async (entry, content) => {
    if (entries.has(entry.path) && entry.kind !== 'directory') {
      throw new ContentInvalidError(tree.name, `expected one "${entry.path}", found two`);
    }
    const isText = entry.kind === 'file' && wantsText(entry.path);
    if (isText && entry.sizeBytes > TEXT_BYTES_LIMIT) {
      const detail = `expected "${entry.path}" of at most ${TEXT_BYTES_LIMIT} bytes, found ${entry.sizeBytes}`;
      throw new ContentInvalidError(tree.name, detail);
    }
    const hash = createHash('sha256');
    const pieces: Uint8Array[] = [];
    for await (const piece of content) {
      hash.update(piece);
      if (isText) pieces.push(piece);
    }
    entries.set(entry.path, { ...entry, sha256: hash.digest('hex') });
    if (isText) texts.set(entry.path, Buffer.concat(pieces).toString('utf8'));
  }, signal);
  const sorted = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { entries: sorted, texts };
}

/**
 * Digests what a build is made from.
 *
 * @param texts What stands beside the files, e.g. name and text of the spec.
 */
export function digestSources(
  texts: readonly string[],
  entries: readonly DigestedEntry[],
): Sha256Hex {
  const files = entries.map(({ path, kind, isProgram, sizeBytes, linkTo, sha256 }) => [
    path,
    kind,
    isProgram,
    sizeBytes,
    linkTo,
    sha256,
  ]);
  return createHash('sha256')
    .update(JSON.stringify(['rekmod-source-2', texts, files]))
    .digest('hex');
}
