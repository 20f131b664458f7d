import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { MockRootMissingError } from '../../model/mock-errors.ts';
import type { MockTarget } from '../../model/settings.ts';
import type { Sha256Hex } from '../../model/store.ts';

/** A configuration that comes with mock or that the administrator wrote. */
export interface StockRoot {
  /** E.g. `/etc/mock/centos-stream-9-x86_64.cfg`. */
  readonly file: string;
  /** Digest of its text, of what it includes and of the site's defaults. */
  readonly digest: Sha256Hex;
}

const FILE_COUNT_LIMIT = 64;
const INCLUDE = /^\s*include\(\s*(['"])(?<file>[^'"\n]+)\1\s*\)/gm;

/**
 * Finds a target's stock configuration, and digests all of its text, so that a root is made anew when
 * its repositories or packages change.
 *
 * @param configDirectory Where mock has its configurations, e.g. `/etc/mock`.
 * @throws {MockRootMissingError} If there is none of that name.
 */
export async function readStockRoot(
  configDirectory: string,
  { root, name }: Pick<MockTarget, 'root' | 'name'>,
): Promise<StockRoot> {
  const file = join(configDirectory, `${root}.cfg`);
  const first = await readText(file);
  if (first === undefined) throw new MockRootMissingError(root, name, file);
  const hash = createHash('sha256');
  const waiting = [file, join(configDirectory, 'site-defaults.cfg')];
  const seen = new Set<string>();
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    if (seen.has(path) || seen.size === FILE_COUNT_LIMIT) continue;
    seen.add(path);
    const text = (await readText(path)) ?? '';
    hash.update(JSON.stringify([path, text]));
    for (const { groups } of text.matchAll(INCLUDE)) {
      const included = groups?.file ?? '';
      waiting.push(isAbsolute(included) ? included : join(configDirectory, included));
    }
  }
  return { file, digest: hash.digest('hex') };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) return undefined;
    throw error;
  }
}
