import { SignatureRefusedError } from '../model/activity-errors.ts';
import type { BuiltPackage } from '../model/cell.ts';
import { compareBuilds } from '../plan/compare-builds.ts';
import type { ContentStore } from './content-store.ts';
import { findUnsignedModules } from './find-unsigned-modules.ts';
import { withHeartbeat } from './heartbeat.ts';
import type { ModuleCertificate } from './module-key.ts';
import { readCompared } from './read-compared.ts';
import type { VerifiedPackage } from './verify.ts';
import { type KeyDatabase, verifyRpm } from './verify-signature.ts';

export interface VerifySignedDeps {
  readonly store: ContentStore;
  /** Where the signer puts what it signed. */
  readonly signed: ContentStore;
  /** The public half of the key that signs now. */
  readonly publicKeys: KeyDatabase;
  /** That of the key that signs modules; absent where they are left as they were built. */
  readonly moduleCertificate?: ModuleCertificate;
}

/** See {@link verifySignedActivities}. */
export type VerifySignedActivities = ReturnType<typeof verifySignedActivities>;

/** Activities that check what the signer made, with nothing but the public halves of its keys. */
export function verifySignedActivities({
  store,
  signed,
  publicKeys,
  moduleCertificate,
}: VerifySignedDeps) {
  /**
   * Takes signed packages over, if all are signed as the configuration wants, modules too, and say
   * nothing else than what was verified.
   *
   * @returns What is wrong, in sentences; empty if nothing is.
   */
  async function verifySigned(request: {
    readonly built: readonly VerifiedPackage[];
    /** In the same order. */
    readonly signed: readonly BuiltPackage[];
  }): Promise<readonly string[]> {
    const names = (files: readonly VerifiedPackage[]): string =>
      files.map(({ fileName }) => fileName).join(', ');
    if (names(request.built) !== names(request.signed)) {
      return [`expected to be signed ${names(request.built)}, found ${names(request.signed)}`];
    }
    return await withHeartbeat(async (signal) => {
      const problems: string[] = [];
      const paths: string[] = [];
      for (const [index, built] of request.built.entries()) {
        const file = request.signed[index];
        if (file === undefined) throw new Error('BUG: a package of a compared list is missing');
        const path = await signed.require(file);
        problems.push(...(await findProblems(built, path, signal)));
        paths.push(path);
      }
      if (problems.length === 0) {
        for (const path of paths) await store.addFile(path);
      }
      return problems;
    });
  }

  async function findProblems(
    built: VerifiedPackage,
    path: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { fileName } = built;
    const before = await readCompared(await store.require(built), signal);
    const after = await readCompared(path, signal);
    const other = JSON.stringify(after.nevra) === JSON.stringify(before.nevra) ? [] : ['its name'];
    const changes = [...other, ...compareBuilds([before], [after])].map(
      (change) => `${fileName}: expected nothing to change but signatures, found ${change}`,
    );
    const unsigned = moduleCertificate
      ? await findUnsignedModules(path, moduleCertificate, signal)
      : [];
    return [...(await findBadSignature(fileName, path, signal)), ...changes, ...unsigned];
  }

  async function findBadSignature(
    fileName: string,
    path: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    try {
      await verifyRpm(fileName, path, { keys: publicKeys, signal });
      return [];
    } catch (error) {
      if (error instanceof SignatureRefusedError) return [error.message];
      throw error;
    }
  }

  return { verifySigned };
}
