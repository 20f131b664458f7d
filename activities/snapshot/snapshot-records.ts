import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SnapshotContent, SnapshotRecord } from '../../model/snapshot.ts';
import { readJson, writeJson } from '../atomic-file.ts';
import { hasKeys } from '../has-keys.ts';
import { readRepository } from '../repository-metadata.ts';

/** The own files of a snapshot, which servers need not show. */
const RECORD = '.snapshot.json';
/** Name of the file with a {@link SnapshotContent}. */
export const CONTENT_FILE = '.packages.json';

/** Reads what is remembered of a snapshot; undefined of one that an earlier version wrote. */
export async function readSnapshotRecord(path: string): Promise<SnapshotRecord | undefined> {
  return await readJson(join(path, RECORD), isRecord);
}

/**
 * Reads what the next snapshot is made from. Of one that an earlier version wrote, it is what its
 * metadata lists; for which cells, and since when, nobody remembers.
 */
export async function readSnapshotContent(path: string): Promise<SnapshotContent> {
  const content = await readJson(join(path, CONTENT_FILE), isContent);
  return content ?? (await readMetadata(path));
}

/** Writes both into a draft. */
export async function writeSnapshotRecords(
  path: string,
  record: SnapshotRecord,
  content: SnapshotContent,
): Promise<void> {
  await writeJson(join(path, CONTENT_FILE), content);
  await writeJson(join(path, RECORD), record);
}

async function readMetadata(path: string): Promise<SnapshotContent> {
  const baseUrl = `${pathToFileURL(path).href}/`;
  const found = await readRepository({
    baseUrl,
    // Nobody but rekmod writes there, and the key may have been replaced since.
    trust: { gpgKeys: [], repoGpgCheck: false, gpgCheck: false },
    validators: {},
    isWanted: () => true,
    scratch: join(path, '..'),
    signal: new AbortController().signal,
  });
  const packages = found.kind === 'read' ? found.packages : [];
  return {
    packages: packages.map(({ location, checksum, sizeBytes, buildTimeSeconds, ...nevra }) => ({
      fileName: decodeURIComponent(location.split('/').at(-1) ?? ''),
      nevra,
      sha256: checksum.value,
      sizeBytes,
      location: decodeURIComponent(location.slice(baseUrl.length)),
      listedAt: new Date(buildTimeSeconds * 1000).toISOString(),
    })),
    withheld: [],
    lingering: {},
  };
}

function isRecord(value: unknown): value is SnapshotRecord {
  return hasKeys(
    value,
    'schema',
    'snapshot',
    'writtenAt',
    'cause',
    'packageCount',
    'added',
    'removed',
  );
}

/** Checks the outline of a {@link SnapshotContent}. */
export function isContent(value: unknown): value is SnapshotContent {
  return hasKeys(value, 'packages', 'withheld', 'lingering');
}
