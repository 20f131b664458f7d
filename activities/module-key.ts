import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { appendModuleSignature, splitModuleSignature } from '../kabi/module-signature.ts';
import { ContentInvalidError, ProgramFailedError } from '../model/activity-errors.ts';
import type { ModuleSigningSettings } from '../model/settings.ts';
import { runProgram } from './run-program.ts';

/** The public half of a key that signs modules, which machines enrol. */
export interface ModuleCertificate {
  /** Of the certificate, in upper-case hexadecimal without colons. */
  readonly fingerprint: string;
  /** E.g. `CN=Example kernel modules`. */
  readonly subject: string;
  readonly der: Uint8Array;
  readonly pem: string;
  /** ISO 8601 in UTC. */
  readonly validUntil: string;
}

/**
 * Reads a certificate in PEM or DER.
 *
 * @throws {ContentInvalidError} If it is none.
 */
export async function readModuleCertificate(path: string): Promise<ModuleCertificate> {
  try {
    const x509 = new X509Certificate(await readFile(path));
    return {
      fingerprint: x509.fingerprint256.replaceAll(':', ''),
      subject: x509.subject.replaceAll('\n', ', '),
      der: x509.raw,
      pem: x509.toString(),
      validUntil: new Date(x509.validTo).toISOString(),
    };
  } catch (cause) {
    throw new ContentInvalidError(path, 'expected an X.509 certificate in PEM or DER', { cause });
  }
}

/** Signing one module takes milliseconds; a token on a network some seconds. */
const OPENSSL_TIMEOUT_MS = 60_000;

/** How a module is signed, and by whom. */
export interface ModuleKey {
  readonly settings: Omit<ModuleSigningSettings, 'certificate' | 'otherCertificates'>;
  readonly certificate: ModuleCertificate;
  /** OpenSSL's options that name the key. */
  readonly keyOptions: readonly string[];
}

/**
 * Signs a kernel module as the kernel's own `sign-file` does, with which it agrees to the byte. A
 * signature that is there already is replaced. The key is read by OpenSSL alone.
 *
 * @param bytes The uncompressed module.
 * @param scratch A directory of the caller's own.
 * @throws {ProgramFailedError} If OpenSSL cannot sign.
 * @see Linux 6.1 scripts/sign-file.c; openssl-cms(1)
 */
export async function signModule(
  key: ModuleKey,
  bytes: Uint8Array,
  { scratch, signal }: { readonly scratch: string; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const content = splitModuleSignature(bytes)?.content ?? bytes;
  const at = (name: string): string => join(scratch, name);
  await writeFile(at('module'), content);
  await writeFile(at('certificate.pem'), key.certificate.pem);
  await runProgram(
    [
      'openssl',
      ...['cms', '-sign', '-binary', '-noattr', '-nocerts', '-nosmimecap', '-outform', 'DER'],
      ...['-md', key.settings.hash, '-signer', at('certificate.pem'), ...key.keyOptions],
      ...['-in', at('module'), '-out', at('signature')],
    ],
    { timeoutMs: OPENSSL_TIMEOUT_MS, signal, env: key.settings.environment },
  );
  return appendModuleSignature({ content, cms: await readFile(at('signature')) });
}

const PKCS11_PREFIX = 'pkcs11:';

/** Whether a key lies in a token, and is named by a URI. @see RFC 7512 */
export function isPkcs11(key: string): boolean {
  return key.startsWith(PKCS11_PREFIX);
}

/** How OpenSSL reaches tokens: by a provider (3.x), or by the older engine. */
export type Pkcs11Way = 'provider' | 'engine';

/** Names the key to OpenSSL; the passphrase stays in its file. */
export function keyOptionsOf(
  { key, passphraseFile }: Pick<ModuleSigningSettings, 'key' | 'passphraseFile'>,
  way: Pkcs11Way,
): readonly string[] {
  const passphrase = passphraseFile === undefined ? [] : ['-passin', `file:${passphraseFile}`];
  if (!isPkcs11(key)) return ['-inkey', key, ...passphrase];
  const reach =
    way === 'provider'
      ? ['-provider', 'pkcs11', '-provider', 'default']
      : ['-engine', 'pkcs11', '-keyform', 'engine'];
  return [...reach, '-inkey', key, ...passphrase];
}

/**
 * Opens the configured key and proves that it belongs to its certificate, by a signature that is checked.
 *
 * @throws {ContentInvalidError} If the key cannot sign, or another certificate is its own.
 */
export async function openModuleKey(
  settings: ModuleSigningSettings,
  options: { readonly scratch: string; readonly signal: AbortSignal },
): Promise<ModuleKey> {
  const certificate = await readModuleCertificate(settings.certificate);
  const ways: readonly Pkcs11Way[] = isPkcs11(settings.key) ? ['provider', 'engine'] : ['engine'];
  const problems: string[] = [];
  for (const way of ways) {
    const key = { settings, certificate, keyOptions: keyOptionsOf(settings, way) };
    const probe = new TextEncoder().encode('rekmod: whose key is this?\n');
    try {
      await signModule(key, probe, options);
      return key;
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof ProgramFailedError)) throw error;
      problems.push(describeRefusal(error));
    }
  }
  const detail = `expected the key of ${certificate.subject}, found ${problems.join('; then ')}`;
  throw new ContentInvalidError(settings.key, detail);
}

/** OpenSSL says what it wanted in words, and why not in lines such as `40…:error:05800074:…:reason:file:line:`. */
function describeRefusal({ stderrTail, exitCode }: ProgramFailedError): string {
  if (/key values mismatch|does not match certificate/.test(stderrTail)) return 'that of another';
  const words = stderrTail
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/:error:|^Engine .* set|^Hint:/.test(line));
  return [...new Set(words)].join(', ') || `exit code ${exitCode} of openssl`;
}
