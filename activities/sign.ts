import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../model/activity-errors.ts';
import type { BuiltPackage } from '../model/cell.ts';
import type { ContentStore } from './content-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { describeRequester } from './describe-requester.ts';
import { withHeartbeat } from './heartbeat.ts';
import type { ModuleKey } from './module-key.ts';
import { isModulePath } from './packaged-modules.ts';
import { openRpm } from './rpm-file.ts';
import { runProgram } from './run-program.ts';
import { withScratch } from './scratch.ts';
import { signModulesInRpm } from './sign-modules.ts';
import type { SignatureLog, SignatureRecord } from './signature-log.ts';
import type { SigningKey } from './signing-key.ts';
import type { VerifiedPackage } from './verify.ts';
import { verifyRpm } from './verify-signature.ts';

export interface SignDeps {
  readonly data: DataDirectory;
  /** Is only read. */
  readonly store: ContentStore;
  /** Gets what was signed; only the signer writes there. */
  readonly signed: ContentStore;
  readonly key: SigningKey;
  /** Absent where modules are left as they were built. */
  readonly moduleKey?: ModuleKey;
  readonly log: SignatureLog;
}

/** See {@link signActivities}. */
export type SignActivities = ReturnType<typeof signActivities>;

const PACKAGE_NAME = /^[^/\s]{1,255}\.rpm$/;

/**
 * Activities of the sign station, on a task queue of their own: no build ever meets a key. What comes in
 * are files; nothing in them is run.
 */
export function signActivities({ data, store, signed, key, moduleKey, log }: SignDeps) {
  /** Signs modules and packages, in this order, and checks the packages with the public key alone. */
  async function signPackages(request: {
    readonly packages: readonly VerifiedPackage[];
  }): Promise<readonly BuiltPackage[]> {
    return await withHeartbeat((signal) =>
      withScratch(data, 'sign', async (directory) => {
        const packages: BuiltPackage[] = [];
        for (const [index, file] of request.packages.entries()) {
          const work = join(directory, `${index}`);
          packages.push(await signPackage(file, { directory, work, signal }));
        }
        return packages;
      }),
    );
  }

  async function signPackage(
    { fileName, nevra, ...file }: VerifiedPackage,
    { directory, work, signal }: { directory: string; work: string; signal: AbortSignal },
  ): Promise<BuiltPackage> {
    if (!PACKAGE_NAME.test(fileName)) {
      throw new ContentInvalidError(fileName, 'expected the name of an RPM, found another');
    }
    const input = await store.require(file);
    const output = join(directory, fileName);
    const record = { what: 'package', name: fileName, before: file.sha256 } as const;
    try {
      await signModules({ fileName, input, output, work, signal });
      const before = await digestFile(output);
      await runProgram(['rpmsign', ...definesOf(key), '--addsign', output], { signal });
      await verifyRpm(fileName, output, { keys: key.publicKeys, signal });
      const after = await digestFile(output);
      await note({ ...record, before, after, key: key.fingerprint, result: 'signed' });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await note({ ...record, key: key.fingerprint, result: 'failed', reason });
      throw error;
    }
    return { fileName, nevra, ...(await signed.addFile(output)) };
  }

  /** Writes the package to `output`, with its modules signed if that is wanted. */
  async function signModules(rpm: {
    readonly fileName: string;
    readonly input: string;
    readonly output: string;
    readonly work: string;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { fileName, input, output, work, signal } = rpm;
    const { files } = (await openRpm(input)).header;
    if (moduleKey === undefined || !files.some(({ path }) => isModulePath(path))) {
      return await copyFile(input, output);
    }
    const places = { scratch: work, signal };
    const modules = await signModulesInRpm(moduleKey, { input, output }, places);
    const { fingerprint } = moduleKey.certificate;
    const records = modules.map(({ path, before, after }): SignatureRecord => {
      const module = { what: 'module', name: path, inside: fileName } as const;
      return { ...module, before, after, key: fingerprint, result: 'signed' };
    });
    await note(...records);
  }

  async function note(...records: readonly SignatureRecord[]): Promise<void> {
    await log.append(records, describeRequester());
  }

  return { signPackages };
}

async function digestFile(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
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
