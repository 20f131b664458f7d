import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProgramFailedError, SignatureRefusedError } from '../model/activity-errors.ts';
import { NO_EXIT_CODE, runProgram } from './run-program.ts';

/**
 * Checks a detached OpenPGP signature against exactly the given keys.
 *
 * @param thing Named in errors, e.g. the URL of `repomd.xml`.
 * @param keyFiles ASCII-armored or binary public keys.
 * @throws {SignatureRefusedError} If no given key made the signature, or a key cannot be read.
 * @see gpgv(1)
 */
export async function verifyDetached(
  thing: string,
  content: Uint8Array,
  { signature, keyFiles, scratch, signal }: DetachedSignature,
): Promise<void> {
  await mkdir(scratch, { recursive: true });
  const directory = await mkdtemp(join(scratch, 'gpgv-'));
  try {
    const keyring = join(directory, 'keys.gpg');
    await writeFile(keyring, await joinKeys(keyFiles));
    await writeFile(join(directory, 'content'), content);
    await writeFile(join(directory, 'signature'), signature);
    const files = [join(directory, 'signature'), join(directory, 'content')];
    await runProgram(['gpgv', '--homedir', directory, '--keyring', keyring, ...files], { signal });
  } catch (cause) {
    if (!(cause instanceof ProgramFailedError) || !hasAnswered(cause)) throw cause;
    const detail = `expected a good signature by a configured key, found: ${cause.stderrTail.trim()}`;
    throw new SignatureRefusedError(thing, detail, { cause });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Whether the program ended by itself: one that was killed has said nothing about the signature. */
function hasAnswered({ exitCode }: ProgramFailedError): boolean {
  return exitCode !== null && exitCode !== NO_EXIT_CODE;
}

/** A signature in a file of its own, and who may have made it. */
export interface DetachedSignature {
  readonly signature: Uint8Array;
  readonly keyFiles: readonly string[];
  /** Holds the keyring for a moment; what a killed process leaves there goes with the next start. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** An rpm database that holds nothing but the keys that may sign. */
export interface KeyDatabase {
  readonly directory: string;
}

/** Makes a database of keys in an empty directory. @see rpmkeys(8) */
export async function makeKeyDatabase(
  directory: string,
  keyFiles: readonly string[],
): Promise<KeyDatabase> {
  await runProgram(['rpmkeys', '--dbpath', directory, '--import', ...keyFiles]);
  return { directory };
}

/**
 * Checks the signature inside an RPM.
 *
 * @param thing Named in errors.
 * @throws {SignatureRefusedError} If the package is not signed, damaged, or signed by a key that is
 *   not in the database.
 * @see rpmkeys(8)
 */
export async function verifyRpm(
  thing: string,
  rpm: string,
  { keys, signal }: { readonly keys: KeyDatabase; readonly signal: AbortSignal },
): Promise<void> {
  const check = await runProgram(['rpmkeys', '--dbpath', keys.directory, '-Kv', rpm], {
    signal,
    okCodes: [0, 1],
  });
  const hasSignature = /Signature, key ID [0-9a-f]+: OK$/im.test(check.stdout);
  if (check.exitCode === 0 && hasSignature) return;
  const found = hasSignature ? check.stdout : `no good signature: ${check.stdout}`;
  const detail = `expected a good signature by a configured key, found ${found.trim()}`;
  throw new SignatureRefusedError(thing, detail);
}

/** gpgv reads binary keyrings only; several of them joined are one. */
async function joinKeys(keyFiles: readonly string[]): Promise<Uint8Array> {
  const keys = await Promise.all(keyFiles.map((keyFile) => readFile(keyFile)));
  return Buffer.concat(keys.flatMap((key) => removeArmor(key)));
}

/**
 * Decodes the ASCII armor of public keys; binary keys stay as they are.
 *
 * @see RFC 4880, section 6.2: headers, an empty line, base64, a checksum line that begins with `=`
 */
function removeArmor(key: Buffer): readonly Buffer[] {
  const text = key.toString('latin1');
  const blocks = [...text.matchAll(ARMORED_KEY)];
  return blocks.length === 0
    ? [key]
    : blocks.map(([, base64 = '']) => Buffer.from(base64.replace(/\n=[^\n]*\s*$/, ''), 'base64'));
}

const ARMORED_KEY =
  /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\r\n]+\r?\n)*\r?\n([^-]*)-----END PGP PUBLIC KEY BLOCK-----/g;
