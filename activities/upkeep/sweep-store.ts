import { statSync, unlinkSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClockReading } from '../../model/clock.ts';
import type { Sha256Hex } from '../../model/store.ts';
import type { UpkeepRemoval } from '../../model/upkeep.ts';
import { listNames } from '../list-names.ts';
import { addDigests } from './collect-digests.ts';
import { findRipe } from './idle-record.ts';

/** What a sweep depends on. */
export interface StoreSweep {
  /** The store's directory. */
  readonly root: string;
  /** What was idle at the last sweep. */
  readonly recordFile: string;
  readonly reading: ClockReading;
  /** How long nobody has used what goes, at least. */
  readonly graceMs: number;
  readonly isDryRun: boolean;
}

/** A file that nothing else has a name for. */
interface LoneFile {
  /** Below the store. */
  readonly name: string;
  readonly token: string;
}

/** Statements are some kB of JSON and begin so; what they name is needed to build again. */
const STATEMENT_START = '{"_type"';
const STATEMENT_LIMIT_BYTES = 256 * 1024;
const SHOWN_NAMES = 5;

/**
 * Removes the files of a content store that nothing refers to, now and at the sweep before, and that nobody
 * has added, asked for or linked in between: each of these changes a file's ctime, which is looked at again
 * in the very moment in which it goes. So a build that takes up a file again always wins.
 *
 * @param referred Digests that records and running workflows name; these were collected in the order
 *   workflows, then records, so that none is missed that moves from one to the other.
 */
export async function sweepStore(
  referred: ReadonlySet<Sha256Hex>,
  sweep: StoreSweep,
): Promise<UpkeepRemoval> {
  const marked = new Set(referred);
  const names = await listFiles(sweep.root);
  await addNamedByStatements(names, marked, sweep.root);
  const lone: LoneFile[] = [];
  for (const name of names) {
    if (marked.has(name.slice(name.lastIndexOf('/') + 1))) continue;
    const token = await readToken(join(sweep.root, name));
    if (token !== undefined) lone.push({ name, token });
  }
  const tokens = new Map(lone.map(({ name, token }) => [name, token]));
  const ripe = await findRipe(tokens, {
    ...{ file: sweep.recordFile, reading: sweep.reading, isDryRun: sweep.isDryRun },
    graceMs: () => sweep.graceMs,
  });
  const removed: { readonly name: string; readonly sizeBytes: number }[] = [];
  for (const name of ripe) {
    const token = tokens.get(name) ?? '';
    const sizeBytes = removeUnused(join(sweep.root, name), token, sweep.isDryRun);
    if (sizeBytes !== undefined) removed.push({ name, sizeBytes });
  }
  return {
    what: 'files that nothing refers to',
    count: removed.length,
    freedBytes: removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    names: removed.slice(0, SHOWN_NAMES).map(({ name }) => name),
  };
}

/** Relative paths of stored files and of such as a killed process did not finish. */
async function listFiles(root: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const folder of await listNames(join(root, 'sha256'))) {
    for (const name of await listNames(join(root, 'sha256', folder))) {
      names.push(`sha256/${folder}/${name}`);
    }
  }
  for (const name of await listNames(join(root, 'incoming'))) names.push(`incoming/${name}`);
  return names;
}

/** Statements that are referred to name what their packages were made of. */
async function addNamedByStatements(
  names: readonly string[],
  marked: Set<Sha256Hex>,
  root: string,
): Promise<void> {
  const waiting = names.filter((name) => marked.has(name.slice(name.lastIndexOf('/') + 1)));
  for (const name of waiting) {
    const path = join(root, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || found.size > STATEMENT_LIMIT_BYTES) continue;
    const text = await readFile(path, 'latin1').catch(() => '');
    if (text.replace(/^\{\s+/, '{').startsWith(STATEMENT_START)) addDigests(text, marked);
  }
}

/** @returns Undefined for a file that is gone, or that a repository has a name for as well. */
async function readToken(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found === undefined || found.nlink > 1n ? undefined : `${found.ctimeNs}`;
}

/**
 * Looks again and removes, in one turn of the event loop: whoever used the file before, and looked whether
 * it is there afterwards, either changed the token or does not find it.
 *
 * @returns Its size, undefined if it stays.
 */
function removeUnused(path: string, token: string, isDryRun: boolean): number | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined || `${found.ctimeNs}` !== token || found.nlink > 1n) return undefined;
  if (!isDryRun) unlinkSync(path);
  return Number(found.size);
}
