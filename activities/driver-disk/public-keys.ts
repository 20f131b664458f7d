import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NotFoundError } from '../../model/activity-errors.ts';
import type { DataDirectory } from '../data-directory.ts';
import { isFile } from '../location.ts';
import { runProgram } from '../run-program.ts';
import { PUBLIC_KEY_NAME } from '../signing-key.ts';
import { type KeyDatabase, makeKeyDatabase } from '../verify-signature.ts';

/** A public key as rpm keeps it. */
export interface PublicKey {
  /** E.g. `gpg-pubkey-1a2b3c4d-5e6f7a8b`: the end of the key's id and when it was made. */
  readonly name: string;
  readonly armored: string;
}

const SEPARATOR = '\u001e';

/**
 * Opens the keys that what rekmod publishes is signed with, the public halves alone.
 *
 * @throws {NotFoundError} If there are none yet, so that nothing was ever signed.
 */
export async function openPublicKeys(data: DataDirectory, scratch: string): Promise<KeyDatabase> {
  const file = join(data.signing, 'public', PUBLIC_KEY_NAME);
  if (!(await isFile(file))) {
    const detail = 'expected the public key of what is published, found none; "rekmod up" makes it';
    throw new NotFoundError('read', file, detail);
  }
  const directory = join(scratch, 'keys');
  await mkdir(directory, { recursive: true });
  return await makeKeyDatabase(directory, [file]);
}

/** Lists the keys of a database, sorted by name. @see rpm(8), `gpg-pubkey` */
export async function listPublicKeys(
  { directory }: KeyDatabase,
  signal: AbortSignal,
): Promise<readonly PublicKey[]> {
  const format = `%{name}-%{version}-%{release}\\n%{description}${SEPARATOR}`;
  const query = ['--query', '--all', '--queryformat', format, 'gpg-pubkey'];
  const { stdout } = await runProgram(['rpm', '--dbpath', directory, ...query], { signal });
  return stdout
    .split(SEPARATOR)
    .filter((entry) => entry !== '')
    .map((entry) => {
      const end = entry.indexOf('\n');
      return { name: entry.slice(0, end), armored: `${entry.slice(end + 1).trim()}\n` };
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
