import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  listSnapshots,
  nextSnapshot,
  pathOfDrafts,
  pathOfSnapshot,
  readCurrentSnapshot,
} from './snapshot-place.ts';

/**
 * Removes what a crash left: drafts, a link that was not put in its place, and a snapshot that was written
 * and never served (they are served in the order of their numbers).
 *
 * @throws {StateDamagedError} If nothing is served although it should be; nothing is removed then.
 */
export async function removeLeftovers(directory: string): Promise<void> {
  await rm(join(directory, 'current.next'), { force: true });
  const next = await nextSnapshot(directory, await readCurrentSnapshot(directory));
  const unserved = (await listSnapshots(directory)).filter((name) => Number(name) >= Number(next));
  for (const snapshot of unserved) await removeSnapshot(directory, snapshot);
  // A program of an attempt that was killed may still be writing there.
  const drafts = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 } as const;
  await rm(pathOfDrafts(directory), drafts);
}

/** Removes a snapshot that is not served, while none is written. What is left of it after a crash is no snapshot any more. */
export async function removeSnapshot(directory: string, snapshot: string): Promise<void> {
  const drafts = pathOfDrafts(directory);
  await mkdir(drafts, { recursive: true });
  const removed = join(drafts, `removed-${snapshot}-${randomUUID()}`);
  await rename(pathOfSnapshot(directory, snapshot), removed);
  await rm(drafts, { recursive: true, force: true });
}
