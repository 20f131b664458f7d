import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPkcs11, openModuleKey } from '../activities/module-key.ts';
import { runProgram } from '../activities/run-program.ts';
import type { ModuleSigningSettings, Settings, SigningSettings } from '../model/settings.ts';
import type { Check } from './check.ts';

const PRIVATE_BITS = 0o077;
/** A certificate is enrolled by hand on every machine: time enough for an overlap. */
const SOON_MS = 30 * 24 * 3_600_000;
const PACKAGE_KEY = 'key for packages';
const MODULE_KEY = 'key for modules';

/** Looks whether the keys can sign: there, private, not expired, and the certificate's own. */
export async function checkSigning(settings: Settings, now: Date): Promise<readonly Check[]> {
  const { signing } = settings;
  if (signing.process === 'separate') {
    const found = 'with the signer that runs by itself; "rekmod signer" says what it misses';
    return [{ name: PACKAGE_KEY, isGood: true, found }];
  }
  return [await checkPackageKey(signing, now), ...(await checkModuleKey(signing.modules, now))];
}

async function checkPackageKey({ gnupgHome, keyId }: SigningSettings, now: Date): Promise<Check> {
  const name = PACKAGE_KEY;
  if (gnupgHome === undefined) {
    return { name, isGood: true, found: "rekmod's own, made at the first start" };
  }
  const exposed = await findExposed([gnupgHome]);
  if (exposed !== undefined) return describeExposed(name, exposed, 'chmod 700');
  const wanted = keyId === undefined ? [] : [keyId];
  const argv = ['--batch', '--with-colons', '--list-secret-keys', ...wanted];
  const listing = await runProgram(['gpg', '--homedir', gnupgHome, ...argv], { okCodes: [0, 2] });
  const keys = listing.stdout.split('\n').filter((line) => line.startsWith('sec:'));
  const [key] = keys;
  if (key === undefined || keys.length > 1) {
    const found = `${gnupgHome} has ${keys.length} secret keys`;
    const remedy = key ? 'name one with "signing.keyId"' : 'import one, or take "gnupgHome" away';
    return { name, isGood: false, found, remedy };
  }
  // @see DETAILS of the GnuPG sources: 2 validity, 5 key id, 7 expiration in seconds
  const [, , , , id = '', , expires = ''] = key.split(':');
  return checkEnd(name, `${id} in ${gnupgHome}`, {
    end: expires === '' ? undefined : new Date(Number(expires) * 1000),
    now,
    remedy: `gpg --homedir ${gnupgHome} --quick-set-expire ${id} 2y, or see docs/signing.md`,
  });
}

async function checkModuleKey(
  settings: ModuleSigningSettings | undefined,
  now: Date,
): Promise<readonly Check[]> {
  const name = MODULE_KEY;
  if (settings === undefined) {
    const found = 'none: modules stay unsigned, and machines with Secure Boot refuse them';
    return [{ name, isGood: true, found }];
  }
  const { key, passphraseFile } = settings;
  const secrets = [...(isPkcs11(key) ? [] : [key]), ...(passphraseFile ? [passphraseFile] : [])];
  const exposed = await findExposed(secrets);
  if (exposed !== undefined) return [describeExposed(name, exposed, 'chmod 600')];
  const scratch = await mkdtemp(join(tmpdir(), 'rekmod-doctor-'));
  try {
    const { certificate } = await openModuleKey(settings, {
      scratch,
      signal: AbortSignal.timeout(60_000),
    });
    const found = `${key}, of ${certificate.subject}`;
    const end = new Date(certificate.validUntil);
    return [checkEnd(name, found, { end, now, remedy: 'make another, see docs/signing.md' })];
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const remedy = 'see docs/signing.md for how key and certificate are made';
    return [{ name, isGood: false, found, remedy }];
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @returns The first path that others than its owner may read or change. */
async function findExposed(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found && (found.mode & PRIVATE_BITS) !== 0) return path;
  }
  return undefined;
}

function describeExposed(name: string, path: string, command: string): Check {
  const found = `${path} may be read by others than its owner`;
  return { name, isGood: false, found, remedy: `${command} ${path}` };
}

function checkEnd(
  name: string,
  what: string,
  {
    end,
    now,
    remedy,
  }: { readonly end: Date | undefined; readonly now: Date; readonly remedy: string },
): Check {
  if (end === undefined) return { name, isGood: true, found: what };
  const day = end.toISOString().slice(0, 10);
  if (end < now) return { name, isGood: false, found: `${what} has expired on ${day}`, remedy };
  const isSoon = end.getTime() - now.getTime() < SOON_MS;
  const found = `${what}, until ${day}`;
  return { name, isGood: true, found, ...(isSoon ? { remedy } : {}) };
}
