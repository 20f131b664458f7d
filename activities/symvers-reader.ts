import { readFileSync } from 'node:fs';
import { parseSymvers } from '../kabi/symvers.ts';
import type { Symvers } from '../model/kabi.ts';
import type { Sha256Hex, StoredFile } from '../model/store.ts';
import type { ContentStore } from './content-store.ts';

/** Reads a kernel's exports from the store. */
export type SymversReader = (file: StoredFile) => Promise<Symvers>;

/** A parsed kernel is about 8 MB; all cells of a rollout need the same one. */
const KEPT_KERNELS = 3;

/** Opens a reader that keeps the kernels it read last; their content is named by their digest. */
export function openSymversReader(store: ContentStore): SymversReader {
  const kept = new Map<Sha256Hex, Promise<Symvers>>();
  return (file) => {
    const known = kept.get(file.sha256);
    const symvers = known ?? readSymvers(store, file);
    kept.delete(file.sha256);
    kept.set(file.sha256, symvers);
    for (const oldest of [...kept.keys()].slice(0, -KEPT_KERNELS)) kept.delete(oldest);
    // A failure is for this caller; the next one reads again.
    symvers.catch(() => kept.delete(file.sha256));
    return symvers;
  };
}

async function readSymvers(store: ContentStore, file: StoredFile): Promise<Symvers> {
  // Parsing holds up the event loop for 20 ms anyway; reading at once takes 1 ms, in turns 8.
  return parseSymvers(readFileSync(await store.require(file), 'utf8'));
}
