import { join } from 'node:path';
import { PROVENANCE_FOLDER } from '../provenance/statement-names.ts';
import { linkFiles, listFiles } from './link-files.ts';

/** Where the files lie that a client learns of from `repomd.xml`, and asks for afterwards. */
const FOLDERS: readonly string[] = ['repodata', 'Packages', PROVENANCE_FOLDER];
/** Their names stay and their content changes; nobody has an old one. */
const ENTRIES: ReadonlySet<string> = new Set(['repodata/repomd.xml', 'repodata/repomd.xml.asc']);

/** Since when the files of earlier snapshots linger, by path. */
export type Lingering = Readonly<Record<string, string>>;

/**
 * Links into a draft what the snapshot before it served and the draft has no more, for as long as a client
 * may still ask for it: one that has read the old `repomd.xml` gets everything that it names. The names of
 * metadata hold their checksum and those of packages never change their content, so old and new are never
 * confused; and nothing but files in their folders is needed, whoever serves or copies them.
 *
 * @param before The lingering files of the snapshot before.
 * @returns Those of the draft.
 */
export async function linkLingering(
  { from, to }: { readonly from: string; readonly to: string },
  { before, now, graceMs }: LingeringRule,
): Promise<Lingering> {
  const [old, fresh] = await Promise.all([listBelow(from), listBelow(to)]);
  const known = new Set(fresh);
  const lingering = old
    .filter((path) => !known.has(path) && !ENTRIES.has(path))
    .map((path) => [path, before[path] ?? now] as const)
    .filter(([, since]) => isInGrace(since, { now, graceMs }));
  await linkFiles(
    lingering.map(([path]) => path),
    { from, to },
  );
  return Object.fromEntries(lingering);
}

/** What decides whether a file lingers. */
export interface LingeringRule {
  readonly before: Lingering;
  /** ISO 8601 in UTC. */
  readonly now: string;
  readonly graceMs: number;
}

/** Whether a client may still ask for a file that is not listed since a moment. */
export function isInGrace(
  since: string,
  { now, graceMs }: Pick<LingeringRule, 'now' | 'graceMs'>,
): boolean {
  return Date.parse(now) - Date.parse(since) < graceMs;
}

async function listBelow(directory: string): Promise<readonly string[]> {
  const lists = await Promise.all(
    FOLDERS.map(async (folder) => {
      const paths = await listFiles(join(directory, folder));
      return paths.map((path) => join(folder, path));
    }),
  );
  return lists.flat();
}
