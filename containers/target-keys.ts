import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { TargetKeyUnreadableError } from '../model/engine-errors.ts';
import type { Target } from '../model/settings.ts';
import type { Sha256Hex } from '../model/store.ts';

/** A public key that packages of a target's repositories may be signed with. */
export interface TargetKey {
  readonly bytes: Uint8Array;
  readonly sha256: Sha256Hex;
  /** Name of its copy, e.g. `key-0.asc`. */
  readonly file: string;
}

/**
 * Reads a target's keys, so that a preparation and its digest mean the same ones.
 *
 * @returns None where packages are installed as they come.
 * @throws {TargetKeyUnreadableError} If a file cannot be read.
 */
export async function readTargetKeys({
  name,
  gpgKeys = [],
}: Pick<Target, 'name' | 'gpgKeys'>): Promise<readonly TargetKey[]> {
  return await Promise.all(
    gpgKeys.map(async (path, index) => {
      const bytes = await readFile(path).catch((cause: unknown) => {
        throw new TargetKeyUnreadableError(path, name, { cause });
      });
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { bytes, sha256, file: `key-${index}.asc` };
    }),
  );
}

/**
 * Writes what dnf is told of signatures of a repository.
 *
 * @param urls Of the keys; without any, packages are installed as they come.
 */
export function describeSignatureCheck(urls: readonly string[]): readonly string[] {
  return urls.length === 0 ? ['gpgcheck=0'] : ['gpgcheck=1', `gpgkey=${urls.join(' ')}`];
}
