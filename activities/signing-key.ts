import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../model/activity-errors.ts';
import type { SigningSettings } from '../model/settings.ts';
import { writeFileAtomically } from './atomic-file.ts';
import type { DataDirectory } from './data-directory.ts';
import { findProgram } from './find-program.ts';
import { runProgram } from './run-program.ts';
import { type KeyDatabase, makeKeyDatabase } from './verify-signature.ts';

/** What the publisher needs: it writes metadata, and somebody signs them. */
export interface MetadataKey {
  /** The ASCII-armored public keys for clients: the one that signs now, and others that they need. */
  readonly publicKeyFile: string;
  /** All files that clients get beside the metadata, that one among them. */
  readonly clientFiles: readonly string[];
  /** Writes an ASCII-armored detached signature of repository metadata. */
  signDetached(file: DetachedFiles, signal: AbortSignal): Promise<void>;
}

/** Paths of what is signed and of the signature that is written. */
export interface DetachedFiles {
  readonly path: string;
  readonly signature: string;
}

/** The key that signs packages and metadata. Only the signer ever sees it. */
export interface SigningKey extends MetadataKey {
  readonly gnupgHome: string;
  readonly fingerprint: string;
  /** Path of gpg; rpm's own default is `gpg2`, which Debian does not have. */
  readonly gpgProgram: string;
  /** The public key that signs now, alone. */
  readonly currentKeyFile: string;
  /** For checking what was signed, with that key alone. */
  readonly publicKeys: KeyDatabase;
  /** Whether the home, and so its agent, is rekmod's. */
  readonly isOwn: boolean;
}

/** Signing a package takes milliseconds; making a key may wait for entropy. */
const GPG_TIMEOUT_MS = 120_000;

/** Name of the file with public keys, here and beside the metadata. */
export const PUBLIC_KEY_NAME = 'RPM-GPG-KEY-rekmod';

/**
 * Opens the configured key, or the data directory's own, which is made on first use.
 *
 * @throws {ContentInvalidError} If the home holds no secret key, or several and none is named.
 * @see gpg(1), colon-separated listings: DETAILS of the GnuPG sources
 */
export async function openSigningKey(
  settings: Pick<SigningSettings, 'gnupgHome' | 'keyId'> &
    Partial<Pick<SigningSettings, 'otherKeys'>>,
  data: DataDirectory,
): Promise<SigningKey> {
  const isOwn = settings.gnupgHome === undefined;
  const gnupgHome = settings.gnupgHome ?? join(data.keys, 'gnupg');
  if (isOwn) await makeKeyOnce(gnupgHome);
  const fingerprint = await findFingerprint(gnupgHome, settings.keyId);
  const current = await gpg(gnupgHome, ['--armor', '--export', fingerprint]);
  const others = (settings.otherKeys ?? []).map(({ publicKey }) => readPublicKey(publicKey));
  const publicKeyFile = join(data.signing, 'public', PUBLIC_KEY_NAME);
  await writeFileAtomically(publicKeyFile, [current, ...(await Promise.all(others))].join(''));
  const currentKeyFile = join(data.signing, 'current-key.asc');
  await writeFileAtomically(currentKeyFile, current);
  // biome-ignore lint/style/noProcessEnv: programs are found on the caller's PATH
  const gpgProgram = (await findProgram('gpg', process.env.PATH ?? '')) ?? 'gpg';
  const database = join(data.signing, 'rpmdb');
  await rm(database, { recursive: true, force: true });
  const publicKeys = await makeKeyDatabase(database, [currentKeyFile]);
  return {
    ...{ gnupgHome, fingerprint, gpgProgram, isOwn },
    ...{ currentKeyFile, publicKeyFile, publicKeys, clientFiles: [publicKeyFile] },
    async signDetached({ path, signature }, signal) {
      const argv = ['--local-user', fingerprint, '--armor', '--output', signature];
      await gpg(gnupgHome, [...argv, '--detach-sign', path], signal);
    },
  };
}

/** Ends the agent that gpg started for rekmod's own home; an agent of somebody else's stays. */
export async function closeSigningKey(key: SigningKey): Promise<void> {
  if (key.isOwn) await endAgent(key.gnupgHome);
}

const ARMORED = /-----BEGIN PGP PUBLIC KEY BLOCK-----.*-----END PGP PUBLIC KEY BLOCK-----/s;

/** Keys are joined in one file, as rpm and dnf import them: each must be text. */
async function readPublicKey(path: string): Promise<string> {
  const [armored] = ARMORED.exec(await readFile(path, 'utf8')) ?? [];
  if (armored !== undefined) return `${armored}\n`;
  throw new ContentInvalidError(path, 'expected an ASCII-armored public key, found other content');
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
