import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { runProgram } from '../../activities/run-program.ts';
import { parseRepomd } from '../../rpm/repomd.ts';

/** A package as a client finds it in primary metadata. */
export interface ServedPackage {
  /** Below the repository, or a whole URL. */
  readonly location: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A repository that is not what its own metadata say. */
export class RepositoryBrokenError extends Error {}

/** Gets a file of a repository; an error of its own tells that nobody answered. */
export type FetchFile = (location: string) => Promise<Buffer>;

/**
 * Reads a repository as a client does that trusts one key and believes nothing else: signature, checksum of each
 * metadata file, packages.
 *
 * @param publicKey The key's file.
 * @throws {RepositoryBrokenError} If a signature or checksum is another one.
 */
export async function readServed(
  fetchFile: FetchFile,
  publicKey: string,
): Promise<{ readonly repomd: string; readonly packages: readonly ServedPackage[] }> {
  const repomd = await fetchSigned(fetchFile, publicKey);
  let primary = '';
  for (const { type, location, checksum } of parseRepomd(repomd).files) {
    const bytes = await fetchFile(location);
    requireChecksum(location, bytes, checksum);
    if (type === 'primary') primary = gunzipSync(bytes).toString();
  }
  return { repomd, packages: listPackages(primary) };
}

/** A snapshot may be served between the two files; then the next pair is whole. */
async function fetchSigned(fetchFile: FetchFile, publicKey: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const repomd = await fetchFile('repodata/repomd.xml');
    const signature = await fetchFile('repodata/repomd.xml.asc');
    if (await isSigned(repomd, signature, publicKey)) return repomd.toString();
    if (attempt === 3) {
      throw new RepositoryBrokenError('repomd.xml is not what repomd.xml.asc signs');
    }
  }
}

async function isSigned(bytes: Buffer, signature: Buffer, publicKey: string): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-chaos-gpg-'));
  try {
    const at = (name: string): string => join(directory, name);
    await writeFile(at('data'), bytes);
    await writeFile(at('data.asc'), signature);
    await runProgram([
      ...(['gpg', '--homedir', directory, '--batch', '--quiet', '--yes'] as const),
      ...['--output', at('key.gpg'), '--dearmor', publicKey],
    ]);
    const argv = ['gpgv', '--keyring', at('key.gpg'), at('data.asc'), at('data')] as const;
    const { exitCode } = await runProgram([...argv], { okCodes: [0, 1, 2] });
    return exitCode === 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @throws {RepositoryBrokenError} If the bytes are others. */
export function requireChecksum(
  location: string,
  bytes: Buffer,
  { type, value }: { readonly type: string; readonly value: string },
): void {
  const found = createHash(type).update(bytes).digest('hex');
  if (found === value) return;
  throw new RepositoryBrokenError(`${location}: expected ${type} ${value}, found ${found}`);
}

function listPackages(primary: string): readonly ServedPackage[] {
  return [...primary.matchAll(/<package type="rpm">.*?<\/package>/gs)].map(([text]) => {
    const read = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';
    const base = read(/<location[^>]*\bxml:base="([^"]*)"/);
    const href = decodeURIComponent(read(/<location[^>]*\bhref="([^"]*)"/));
    return {
      location: base === '' ? href : `${base.replace(/\/$/, '')}/${href}`,
      sha256: read(/<checksum type="sha256"[^>]*>([0-9a-f]{64})</),
      sizeBytes: Number(read(/<size[^>]*\bpackage="(\d+)"/)),
    };
  });
}
