import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../model/activity-errors.ts';
import { parseRepomd } from '../rpm/repomd.ts';
import { describeRequester } from './describe-requester.ts';
import { withHeartbeat } from './heartbeat.ts';
import { withScratch } from './scratch.ts';
import type { SignDeps } from './sign.ts';
import { verifyDetached } from './verify-signature.ts';

/** See {@link signMetadataActivities}. */
export type SignMetadataActivities = ReturnType<typeof signMetadataActivities>;

/** That of a repository with every kind of metadata has 5 kB; Temporal's payloads end at 2 MB. */
const MAX_CHARACTERS = 256 * 1024;

/** Activities of the sign station for the publisher, which has no key. */
export function signMetadataActivities({ data, key, log }: SignDeps) {
  /**
   * Signs `repomd.xml` and nothing else: what does not parse as one is refused, so that nobody can have
   * a package or a letter signed this way.
   *
   * @returns The ASCII-armored detached signature, checked with the public key alone.
   */
  async function signMetadata(request: {
    readonly repository: string;
    readonly repomd: string;
  }): Promise<string> {
    const { repository, repomd } = request;
    if (repomd.length > MAX_CHARACTERS) {
      const detail = `expected at most ${MAX_CHARACTERS} characters, found ${repomd.length}`;
      throw new ContentInvalidError(`${repository}/repomd.xml`, detail);
    }
    parseRepomd(repomd);
    return await withHeartbeat((signal) =>
      withScratch(data, 'sign-metadata', async (directory) => {
        const path = join(directory, 'repomd.xml');
        await writeFile(path, repomd);
        await key.signDetached({ path, signature: `${path}.asc` }, signal);
        const signature = await readFile(`${path}.asc`);
        const name = `${repository}/repomd.xml`;
        const keyFiles = [key.currentKeyFile];
        const check = { signature, keyFiles, scratch: directory, signal };
        await verifyDetached(name, Buffer.from(repomd), check);
        const digests = { before: sha256(repomd), after: sha256(signature) };
        const record = { what: 'metadata', name, key: key.fingerprint, result: 'signed' } as const;
        await log.append([{ ...record, ...digests }], describeRequester());
        return signature.toString('utf8');
      }),
    );
  }

  return { signMetadata };
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
