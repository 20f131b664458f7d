import { rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncPath } from '../atomic-file.ts';

/** Makes a snapshot the served one, in one step that a client cannot see the middle of. */
export async function serveSnapshot(directory: string, snapshot: string): Promise<void> {
  const next = join(directory, 'current.next');
  await rm(next, { force: true });
  await symlink(join('snapshots', snapshot), next);
  // The link must not be known to the disk before what it points to.
  await syncPath(join(directory, 'snapshots'));
  await rename(next, join(directory, 'current'));
  await syncPath(directory);
}
