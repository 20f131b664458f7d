import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltPackage } from '../model/cell.ts';
import type { ContentStore } from './content-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { withHeartbeat } from './heartbeat.ts';
import { runProgram } from './run-program.ts';
import { withScratch } from './scratch.ts';
import type { SigningKey } from './signing-key.ts';
import type { VerifiedPackage } from './verify.ts';
import { verifyRpm } from './verify-signature.ts';

export interface SignDeps {
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly key: SigningKey;
}

/** See {@link signActivities}. */
export type SignActivities = ReturnType<typeof signActivities>;

/** Activities of the sign station, on a task queue of their own: no build ever meets the key. */
export function signActivities({ data, store, key }: SignDeps) {
  /** Signs verified packages and checks each signature with the public key alone. */
  async function signPackages(request: {
    readonly packages: readonly VerifiedPackage[];
  }): Promise<readonly BuiltPackage[]> {
    return await withHeartbeat((signal) =>
      withScratch(data, 'sign', async (directory) => {
        const paths: string[] = [];
        for (const { fileName, ...file } of request.packages) {
          const path = join(directory, fileName);
          await copyFile(await store.require(file), path);
          paths.push(path);
        }
        await runProgram(['rpmsign', ...definesOf(key), '--addsign', ...paths], { signal });
        const signed: BuiltPackage[] = [];
        for (const [index, { fileName, nevra }] of request.packages.entries()) {
          const path = paths[index] ?? '';
          await verifyRpm(fileName, path, { keys: key.publicKeys, signal });
          signed.push({ fileName, nevra, ...(await store.addFile(path)) });
        }
        return signed;
      }),
    );
  }

  return { signPackages };
}

/** @see rpmsign(8), macros of rpm's `platform` files */
function definesOf(key: SigningKey): readonly string[] {
  const macros = {
    __gpg: key.gpgProgram,
    _gpg_path: key.gnupgHome,
    _gpg_name: key.fingerprint,
    _gpg_digest_algo: 'sha256',
  };
  return Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
}
