import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StateDamagedError } from '../../model/activity-errors.ts';
import type { Sha256Hex } from '../../model/store.ts';
import { isMissing } from '../atomic-file.ts';

/** Not followed by more digits: a longer one is no address in the store. */
const DIGEST = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

/** Folders of the data directory without records, or with such as name nothing in the store. */
const OTHERS: ReadonlySet<string> = new Set([
  ...['store', 'scratch', 'temporal', 'logs', 'status', 'run', 'mock', 'keys', 'signing', 'upkeep'],
]);
/** Folders of the cache and of snapshots that have many files and no records of ours. */
const CONTENTS: ReadonlySet<string> = new Set([
  ...['module-archives', 'git', 'rpmdb', 'Packages', 'repodata', 'provenance'],
]);

/** Adds every digest that a text names. */
export function addDigests(text: string, digests: Set<Sha256Hex>): void {
  for (const [digest] of text.matchAll(DIGEST)) digests.add(digest);
}

/**
 * Collects every digest that any record of a data directory names, whatever the record is about: a record
 * of a new kind keeps its files without anybody thinking of it here.
 *
 * @throws {StateDamagedError} If a record is torn: what it named nobody knows, so nothing may go.
 */
export async function collectDigests(root: string): Promise<Set<Sha256Hex>> {
  const digests = new Set<Sha256Hex>();
  for (const entry of await list(root)) {
    if (entry.isDirectory() && !OTHERS.has(entry.name)) {
      await collectBelow(join(root, entry.name), digests);
    } else if (entry.isFile()) await collectFile(join(root, entry.name), digests);
  }
  return digests;
}

async function collectBelow(directory: string, digests: Set<Sha256Hex>): Promise<void> {
  for (const entry of await list(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !CONTENTS.has(entry.name)) await collectBelow(path, digests);
    else if (entry.isFile()) await collectFile(path, digests);
  }
}

async function collectFile(path: string, digests: Set<Sha256Hex>): Promise<void> {
  if (!path.endsWith('.json')) return;
  try {
    const text = await readFile(path, 'utf8');
    JSON.parse(text);
    addDigests(text, digests);
  } catch (cause) {
    // Removed since the folder was listed: its writer knows what it does.
    if (isMissing(cause)) return;
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new StateDamagedError(path, 'expected JSON, found other text', { cause });
  }
}

async function list(directory: string) {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
