import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readIfExists, writeJson } from '../../activities/atomic-file.ts';
import type { Sha256Hex } from '../../model/store.ts';
import { cacheDirectory } from '../read-lab.ts';

/** Where everything of the ground truth suite is kept. */
export function truthDirectory(): string {
  return join(cacheDirectory(), 'truth');
}

/** What a result was made from: everything that could make it another one. */
export interface ResultKey {
  /** Kind of the result, e.g. `depmod`; a folder. */
  readonly purpose: string;
  readonly parts: readonly string[];
}

/** Keeps results of slow work, which are plain JSON. */
export interface Memory {
  find<T>(key: ResultKey): Promise<T | undefined>;
  keep(key: ResultKey, result: unknown): Promise<void>;
  /** Finds a result, or makes and keeps it. */
  recall<T>(key: ResultKey, work: () => Promise<T>): Promise<T>;
  /** How many results were found, and how many were made. */
  readonly counts: Readonly<Record<'found' | 'made', number>>;
}

/** Opens the memory. @param isFresh Whether what was recorded before is ignored. */
export function openMemory({ isFresh }: { readonly isFresh: boolean }): Memory {
  const counts = { found: 0, made: 0 };
  const pathOf = ({ purpose, parts }: ResultKey): string =>
    join(truthDirectory(), 'results', purpose, `${digestOf(parts)}.json`);
  const memory: Memory = {
    counts,
    async find<T>(key: ResultKey): Promise<T | undefined> {
      const text = isFresh ? undefined : await readIfExists(pathOf(key));
      if (text === undefined) return undefined;
      counts.found += 1;
      // Only this suite writes there, and the key names the code that made it.
      const result: T = JSON.parse(text);
      return result;
    },
    async keep(key, result) {
      await writeJson(pathOf(key), result);
      counts.made += 1;
    },
    async recall<T>(key: ResultKey, work: () => Promise<T>): Promise<T> {
      const found = await memory.find<T>(key);
      if (found !== undefined) return found;
      const result = await work();
      await memory.keep(key, result);
      return result;
    },
  };
  return memory;
}

/** One digest over texts; no two lists of texts have the same. */
export function digestOf(texts: readonly string[]): Sha256Hex {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex');
}

/** The digest of a file's content, streamed. */
export async function digestFile(path: string): Promise<Sha256Hex> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** The digest of source files of this folder: a result that other code made is not found. */
export async function digestSources(names: readonly string[]): Promise<Sha256Hex> {
  const texts = await Promise.all(
    names.map(async (name) => await readFile(join(import.meta.dirname, name), 'utf8')),
  );
  return digestOf(texts);
}
