import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, syncPath } from '../atomic-file.ts';
import { PROVENANCE_FOLDER } from '../provenance/statement-names.ts';

/**
 * Brings a draft's metadata, and that its packages are in it, to the disk before it gets its name: after a
 * power failure a file system may know a later rename and not what was written before. The packages' own
 * content was synced when they were stored.
 */
export async function syncMetadata(tree: string): Promise<void> {
  const repodata = join(tree, 'repodata');
  const names = await readdir(repodata);
  await Promise.all(names.map((name) => syncPath(join(repodata, name))));
  for (const directory of [repodata, join(tree, 'Packages'), join(tree, PROVENANCE_FOLDER), tree]) {
    await syncPath(directory).catch((error: unknown) => {
      // A view of packages that lie elsewhere has none itself, and who built those may have told nothing.
      if (!isMissing(error)) throw error;
    });
  }
}
