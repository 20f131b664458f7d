import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../model/activity-errors.ts';
import type { SigningSettings } from '../model/settings.ts';
import { writeFileAtomically } from './atomic-file.ts';
import type { DataDirectory } from './data-directory.ts';
import { findProgram } from './find-program.ts';
import { runProgram } from './run-program.ts';
import { type KeyDatabase, makeKeyDatabase } from './verify-signature.ts';

/** The key that signs packages and metadata. Only the `sign` and `publish` queues ever see it. */
export interface SigningKey {
  readonly gnupgHome: string;
  readonly fingerprint: string;
  /** Path of gpg; rpm's own default is `gpg2`, which Debian does not have. */
  readonly gpgProgram: string;
  /** The ASCII-armored public key, for clients. */
  readonly publicKeyFile: string;
  /** For checking what was signed, with the public key alone. */
  readonly publicKeys: KeyDatabase;
}

/** Signing a package takes milliseconds; making a key may wait for entropy. */
const GPG_TIMEOUT_MS = 120_000;

/**
 * Opens the configured key, or the data directory's own, which is made on first use.
 *
 * @throws {ContentInvalidError} If the home holds no secret key, or several and none is named.
 * @see gpg(1), colon-separated listings: DETAILS of the GnuPG sources
 */
export async function openSigningKey(
  settings: SigningSettings,
  data: DataDirectory,
): Promise<SigningKey> {
  const gnupgHome = settings.gnupgHome ?? join(data.keys, 'gnupg');
  if (settings.gnupgHome === undefined) await makeKeyOnce(gnupgHome);
  const fingerprint = await findFingerprint(gnupgHome, settings.keyId);
  const publicKeyFile = join(data.keys, 'RPM-GPG-KEY-rekmod');
  const exported = await gpg(gnupgHome, ['--armor', '--export', fingerprint]);
  await writeFileAtomically(publicKeyFile, exported);
  // biome-ignore lint/style/noProcessEnv: programs are found on the caller's PATH
  const gpgProgram = (await findProgram('gpg', process.env.PATH ?? '')) ?? 'gpg';
  const database = join(data.keys, 'rpmdb');
  await rm(database, { recursive: true, force: true });
  const publicKeys = await makeKeyDatabase(database, [publicKeyFile]);
  return { gnupgHome, fingerprint, gpgProgram, publicKeyFile, publicKeys };
}

/** Ends the agent that gpg started for a home; nothing of it is left running. */
export async function closeSigningKey(key: SigningKey): Promise<void> {
  await endAgent(key.gnupgHome);
}

/** Writes an ASCII-armored detached signature. */
export async function signDetached(
  key: SigningKey,
  file: { readonly path: string; readonly signature: string },
  signal: AbortSignal,
): Promise<void> {
  const argv = ['--local-user', key.fingerprint, '--armor', '--output', file.signature];
  await gpg(key.gnupgHome, [...argv, '--detach-sign', file.path], signal);
}

/** A home is there whole or not at all: gpg writes the secret key long before it knows it by name. */
async function makeKeyOnce(gnupgHome: string): Promise<void> {
  const isThere = await access(gnupgHome).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const making = `${gnupgHome}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true, mode: 0o700 });
  const key = ['rekmod package signing', 'rsa3072', 'sign', 'never'];
  await gpg(making, ['--passphrase', '', '--quick-generate-key', ...key]);
  await endAgent(making);
  await rename(making, gnupgHome);
}

async function endAgent(gnupgHome: string): Promise<void> {
  await runProgram(['gpgconf', '--homedir', gnupgHome, '--kill', 'all']);
}

async function findFingerprint(gnupgHome: string, keyId: string | undefined): Promise<string> {
  const wanted = keyId === undefined ? [] : [keyId];
  const listing = await gpg(gnupgHome, ['--with-colons', '--list-secret-keys', ...wanted]);
  const lines = listing.split('\n').map((line) => line.split(':'));
  const fingerprints = lines.flatMap((fields, index) =>
    fields[0] === 'fpr' && lines[index - 1]?.[0] !== 'ssb' ? [fields[9] ?? ''] : [],
  );
  const [fingerprint, ...others] = fingerprints;
  if (fingerprint === undefined || others.length > 0) {
    const detail = `expected one secret key, found ${fingerprints.length}; name one with "signing.keyId"`;
    throw new ContentInvalidError(gnupgHome, detail);
  }
  return fingerprint;
}

async function gpg(home: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const output = await runProgram(
    ['gpg', '--homedir', home, '--batch', '--yes', '--pinentry-mode', 'loopback', ...args],
    { timeoutMs: GPG_TIMEOUT_MS, ...(signal ? { signal } : {}) },
  );
  return output.stdout;
}
