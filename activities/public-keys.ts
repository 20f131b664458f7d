import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { SigningSettings } from '../model/settings.ts';
import { readJson, writeFileAtomically, writeJson } from './atomic-file.ts';
import type { DataDirectory } from './data-directory.ts';
import { type ModuleCertificate, readModuleCertificate } from './module-key.ts';
import { PUBLIC_KEY_NAME, type SigningKey } from './signing-key.ts';
import { type KeyDatabase, makeKeyDatabase } from './verify-signature.ts';

/** The public halves of the signer's keys: all that anybody else ever has. */
export interface PublicKeys {
  readonly fingerprint: string;
  readonly publicKeyFile: string;
  /** All files that clients get beside the metadata. */
  readonly clientFiles: readonly string[];
  /** The key that signs packages and metadata now, alone. */
  readonly publicKeys: KeyDatabase;
  readonly currentKeyFile: string;
  /** Of the key that signs modules now. */
  readonly moduleCertificate?: ModuleCertificate;
}

/** Name of the certificate that machines enrol, as published. @see mokutil(1) */
export const MODULE_CERTIFICATE_NAME = 'rekmod-modules.der';

const Announcement = z.object({
  fingerprint: z.string(),
  clientFiles: z.array(z.string().regex(/^[A-Za-z0-9._-]+$/)),
  hasModuleCertificate: z.boolean(),
});
type Announcement = z.infer<typeof Announcement>;

/**
 * Writes what the signer gives away: public keys, certificates in DER, and a list of them, last.
 *
 * @param settings Without keys whose time is over, see `dropRetired()`.
 */
export async function announceKeys(
  key: SigningKey,
  settings: SigningSettings,
  data: DataDirectory,
): Promise<void> {
  const directory = join(data.signing, 'public');
  const clientFiles = [basename(key.publicKeyFile)];
  const { modules } = settings;
  if (modules !== undefined) {
    const { der } = await readModuleCertificate(modules.certificate);
    await writeFileAtomically(join(directory, MODULE_CERTIFICATE_NAME), der);
    clientFiles.push(MODULE_CERTIFICATE_NAME);
  }
  for (const { certificate } of modules?.otherCertificates ?? []) {
    const { der, fingerprint } = await readModuleCertificate(certificate);
    const name = `rekmod-modules-${fingerprint.slice(0, 16).toLowerCase()}.der`;
    await writeFileAtomically(join(directory, name), der);
    clientFiles.push(name);
  }
  const announcement: Announcement = {
    fingerprint: key.fingerprint,
    clientFiles,
    hasModuleCertificate: modules !== undefined,
  };
  await writeJson(announcementFile(data), announcement);
}

/**
 * Reads what the signer gave away, and makes a database of the key that signs now.
 *
 * @returns undefined if no signer has ever run.
 */
export async function readPublicKeys(data: DataDirectory): Promise<PublicKeys | undefined> {
  const isAnnouncement = (value: unknown): value is Announcement =>
    Announcement.safeParse(value).success;
  const announced = await readJson(announcementFile(data), isAnnouncement);
  if (announced === undefined) return undefined;
  const directory = join(data.signing, 'public');
  const currentKeyFile = join(data.signing, 'current-key.asc');
  const certificate = join(directory, MODULE_CERTIFICATE_NAME);
  return {
    fingerprint: announced.fingerprint,
    publicKeyFile: join(directory, PUBLIC_KEY_NAME),
    clientFiles: announced.clientFiles.map((name) => join(directory, name)),
    currentKeyFile,
    publicKeys: await replaceDatabase(join(data.cache, 'rpmdb'), currentKeyFile),
    ...(announced.hasModuleCertificate
      ? { moduleCertificate: await readModuleCertificate(certificate) }
      : {}),
  };
}

function announcementFile(data: DataDirectory): string {
  return join(data.signing, 'public', 'keys.json');
}

async function replaceDatabase(directory: string, keyFile: string): Promise<KeyDatabase> {
  const making = `${directory}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true });
  const copy = join(making, 'key.asc');
  await copyFile(keyFile, copy);
  await makeKeyDatabase(making, [copy]);
  await rm(directory, { recursive: true, force: true });
  await rename(making, directory);
  return { directory };
}

/** Leaves out keys and certificates whose last day is over. */
export function dropRetired(settings: SigningSettings, now: Date): SigningSettings {
  const today = now.toISOString().slice(0, 10);
  const isValid = ({ until }: { readonly until?: string }): boolean =>
    until === undefined || until >= today;
  const { otherKeys, modules } = settings;
  return {
    ...settings,
    otherKeys: otherKeys.filter(isValid),
    ...(modules
      ? { modules: { ...modules, otherCertificates: modules.otherCertificates.filter(isValid) } }
      : {}),
  };
}
