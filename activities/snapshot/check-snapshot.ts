import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { RepositoryPackage } from '../../model/kernel.ts';
import type { ListedPackage } from '../../model/snapshot.ts';
import { parseRepomd } from '../../rpm/repomd.ts';
import { readRepository } from '../repository-metadata.ts';
import type { MetadataKey } from '../signing-key.ts';

/** What a draft is read back with. */
export interface CheckContext {
  readonly key: MetadataKey;
  /** An existing directory for what is read. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/**
 * Reads a draft with the code that reads streams: signature, every metadata file against its checksum, and
 * exactly the expected packages, each with its digest. No package is read again: createrepo_c has read the
 * new ones, and what it found must be what was signed.
 *
 * @param path The draft.
 * @throws {ContentInvalidError} If it is not what it should be.
 */
export async function checkSnapshot(
  path: string,
  expected: readonly ListedPackage[],
  { key, scratch, signal }: CheckContext,
): Promise<void> {
  const content = await readRepository({
    baseUrl: pathToFileURL(path).href,
    trust: { gpgKeys: [key.publicKeyFile], repoGpgCheck: true, gpgCheck: true },
    validators: {},
    isWanted: () => true,
    acceptsBase: true,
    scratch,
    signal,
  });
  await checkMetadataFiles(path);
  comparePackages(path, expected, content.kind === 'read' ? content.packages : []);
}

async function checkMetadataFiles(path: string): Promise<void> {
  const { files } = parseRepomd(await readFile(join(path, 'repodata', 'repomd.xml'), 'utf8'));
  for (const { location, checksum } of files) {
    const bytes = await readFile(join(path, location));
    const found = createHash(checksum.type).update(bytes).digest('hex');
    if (found === checksum.value) continue;
    const detail = `expected ${checksum.type} ${checksum.value}, found ${found}`;
    throw new ContentInvalidError(join(path, location), detail);
  }
}

function comparePackages(
  path: string,
  expected: readonly ListedPackage[],
  found: readonly RepositoryPackage[],
): void {
  const wanted = new Map(expected.map((file) => [file.sha256, file.fileName]));
  const listed = new Set(found.map(({ checksum }) => checksum.value));
  const missing = [...wanted].filter(([sha256]) => !listed.has(sha256)).map(([, name]) => name);
  if (missing.length === 0 && found.length === expected.length) return;
  const names = missing.slice(0, 10).join(', ') || 'none';
  const detail = `expected ${expected.length} packages, found ${found.length} (missing: ${names})`;
  throw new ContentInvalidError(path, detail);
}
