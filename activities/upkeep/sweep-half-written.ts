import { lstat, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { UpkeepRemoval } from '../../model/upkeep.ts';
import { isMissing } from '../atomic-file.ts';
import { listNames } from '../list-names.ts';
import { findRipe, type IdleLook } from './idle-record.ts';

/** As `writeFileAtomically()` names what it has not renamed yet, `jool.json.<uuid>.tmp`. */
const HALF_WRITTEN = /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;
/** These have an upkeep of their own, or another owner; they are large. */
const FOREIGN = new Set(['store', 'scratch', 'repositories', 'signing', 'temporal', 'cache']);
const SHOWN_NAMES = 5;

/**
 * Removes half-written records that a killed process left in a data directory, by the names that rekmod gives
 * them. A write takes milliseconds: what is the same file at two looks has no writer any more.
 *
 * @param root The data directory. Links are not followed.
 */
export async function sweepHalfWritten(root: string, look: IdleLook): Promise<UpkeepRemoval> {
  const found = new Map<string, string>();
  for (const path of await listHalfWritten(root)) {
    const facts = await lstat(path, { bigint: true }).catch(() => undefined);
    if (facts?.isFile()) found.set(relative(root, path), `${facts.ino} ${facts.ctimeNs}`);
  }
  const ripe = await findRipe(found, look);
  for (const name of look.isDryRun ? [] : ripe) await rm(join(root, name), { force: true });
  return {
    what: 'half-written records of killed processes',
    count: ripe.length,
    names: ripe.slice(0, SHOWN_NAMES),
  };
}

async function listHalfWritten(root: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const name of await listNames(root)) {
    if (HALF_WRITTEN.test(name)) paths.push(join(root, name));
    else if (!FOREIGN.has(name)) paths.push(...(await listBelow(join(root, name))));
  }
  return paths;
}

/** A folder may go while it is read, and most names are files. */
async function listBelow(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && HALF_WRITTEN.test(entry.name));
    return files.map(({ parentPath, name }) => join(parentPath, name));
  } catch (error) {
    if (isMissing(error) || isNoDirectory(error)) return [];
    throw error;
  }
}

function isNoDirectory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOTDIR';
}
