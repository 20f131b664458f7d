import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Tree } from './tree.ts';

/** Which files of a tree are written, and how. */
export interface WriteTreeOptions {
  /** The plain name that a file gets; undefined for one that is not wanted. */
  readonly nameOf: (path: string) => string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Writes files of a tree into one directory, streaming; programs stay programs. Links are left out.
 *
 * @param directory Holds none of these names yet.
 */
export async function writeTreeFiles(
  tree: Tree,
  directory: string,
  { nameOf, signal }: WriteTreeOptions,
): Promise<void> {
  await tree.walk(async (entry, content) => {
    const name = entry.kind === 'file' ? nameOf(entry.path) : undefined;
    if (name === undefined) return;
    const mode = entry.isProgram ? 0o755 : 0o644;
    const sink = createWriteStream(join(directory, name), { flags: 'wx', mode });
    await pipeline(content, sink, { signal });
  }, signal);
}
