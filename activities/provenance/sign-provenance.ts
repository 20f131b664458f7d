import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { BuiltPackage } from '../../model/cell.ts';
import type { StoredFile } from '../../model/store.ts';
import { describeRequester } from '../describe-requester.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { withScratch } from '../scratch.ts';
import type { SignDeps } from '../sign.ts';
import { verifyDetached } from '../verify-signature.ts';
import { readStatement } from './read-statement.ts';
import { nameStatement } from './statement-names.ts';
import type { StatedPackage } from './write-provenance.ts';

/** See {@link signProvenanceActivities}. */
export type SignProvenanceActivities = ReturnType<typeof signProvenanceActivities>;

/** Activities of the sign station for statements about packages. */
export function signProvenanceActivities({ data, store, signed, key, log }: SignDeps) {
  /**
   * Signs statements about packages that were signed here, and nothing else: what does not parse as one, or
   * speaks of another package, is refused.
   *
   * @returns ASCII-armored detached signatures in the order of the request, where the signer puts what it
   *   signed; each checked with the public key alone.
   * @throws {ContentInvalidError} If a statement is refused.
   */
  async function signProvenance(request: {
    readonly stated: readonly StatedPackage[];
  }): Promise<readonly StoredFile[]> {
    return await withHeartbeat((signal) =>
      withScratch(data, 'sign-provenance', async (directory) => {
        const signatures: StoredFile[] = [];
        for (const { package: file, statement } of request.stated) {
          const name = nameStatement(file.fileName);
          const bytes = await readStored(statement, name);
          await requireOwnPackage(bytes, file);
          signatures.push(await signStatement({ name, bytes, directory }, signal));
        }
        return signatures;
      }),
    );
  }

  /** The digest is looked at, too: what is signed is what was asked for, whoever writes to the store. */
  async function readStored(statement: StoredFile, name: string): Promise<Buffer> {
    const bytes = await readFile(await store.require(statement));
    const found = sha256(bytes);
    if (found === statement.sha256) return bytes;
    throw new ContentInvalidError(name, `expected sha256 ${statement.sha256}, found ${found}`);
  }

  async function requireOwnPackage(bytes: Uint8Array, file: BuiltPackage): Promise<void> {
    const name = nameStatement(file.fileName);
    const [subject] = readStatement(bytes, name).subject;
    if (subject.name !== file.fileName || subject.digest.sha256 !== file.sha256) {
      const detail = `expected a statement about ${file.fileName} (${file.sha256}), found one about ${subject.name} (${subject.digest.sha256})`;
      throw new ContentInvalidError(name, detail);
    }
    if ((await signed.find(file.sha256)) !== undefined) return;
    const detail = `expected a package that this signer signed, found another (${file.sha256})`;
    throw new ContentInvalidError(name, detail);
  }

  async function signStatement(
    { name, bytes, directory }: { name: string; bytes: Buffer; directory: string },
    signal: AbortSignal,
  ): Promise<StoredFile> {
    const path = join(directory, name);
    await writeFile(path, bytes);
    await key.signDetached({ path, signature: `${path}.asc` }, signal);
    const signature = await readFile(`${path}.asc`);
    const keyFiles = [key.currentKeyFile];
    await verifyDetached(name, bytes, { signature, keyFiles, scratch: directory, signal });
    const digests = { before: sha256(bytes), after: sha256(signature) };
    const record = { what: 'provenance', name, key: key.fingerprint, result: 'signed' } as const;
    await log.append([{ ...record, ...digests }], describeRequester());
    return await signed.addFile(`${path}.asc`);
  }

  return { signProvenance };
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
