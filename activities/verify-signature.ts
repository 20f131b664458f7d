import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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
  { signature, keyFiles, signal }: DetachedSignature,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-gpgv-'));
  try {
    const keyring = join(directory, 'keys.gpg');
    await writeFile(keyring, await joinKeys(directory, keyFiles, signal));
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
  readonly signal: AbortSignal;
}

/**
 * Checks the signature inside an RPM against exactly the given keys.
 *
 * @param thing Named in errors.
 * @throws {SignatureRefusedError} If the package is not signed, damaged, or signed by another key.
 * @see rpmkeys(8)
 */
export async function verifyRpm(
  thing: string,
  rpm: string,
  { keyFiles, signal }: Pick<DetachedSignature, 'keyFiles' | 'signal'>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-rpmkeys-'));
  try {
    await runProgram(['rpmkeys', '--dbpath', directory, '--import', ...keyFiles], { signal });
    const check = await runProgram(['rpmkeys', '--dbpath', directory, '-Kv', rpm], {
      signal,
      okCodes: [0, 1],
    });
    const hasSignature = /Signature, key ID [0-9a-f]+: OK$/im.test(check.stdout);
    if (check.exitCode === 0 && hasSignature) return;
    const found = hasSignature ? check.stdout : `no good signature: ${check.stdout}`;
    const detail = `expected a good signature by a configured key, found ${found.trim()}`;
    throw new SignatureRefusedError(thing, detail);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** gpgv reads binary keyrings only; several of them joined are one. */
async function joinKeys(
  directory: string,
  keyFiles: readonly string[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  const keys: Uint8Array[] = [];
  for (const [index, keyFile] of keyFiles.entries()) {
    const text = await readFile(keyFile);
    if (!text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----')) {
      keys.push(text);
      continue;
    }
    const binary = join(directory, `${index}.gpg`);
    const argv = ['gpg', '--homedir', directory, '--batch', '--output', binary] as const;
    await runProgram([...argv, '--dearmor', keyFile], { signal });
    keys.push(await readFile(binary));
  }
  return Buffer.concat(keys);
}
