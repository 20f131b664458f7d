import { collectExports, type KmodExports } from '../kabi/resolve.ts';
import type { Kernel, Nevra } from '../model/kernel.ts';
import type { PlannedCell } from '../model/plan.ts';
import type { StoredFile } from '../model/store.ts';
import { verifyPackages } from '../plan/verify-packages.ts';
import { readPackageEffects } from '../rpm/package-effects.ts';
import type { ExpectedPackages } from '../rpm/spec.ts';
import { requireKernel } from './assess.ts';
import type { BuildOutput } from './build.ts';
import type { ContentStore } from './content-store.ts';
import { findOtherKmods } from './find-other-kmods.ts';
import { findPayloadFaults } from './find-payload-faults.ts';
import { findProviders } from './find-providers.ts';
import type { ForeignBuildReader } from './foreign-builds.ts';
import { withHeartbeat } from './heartbeat.ts';
import { findIdenticalBuild, type IdenticalBuildDeps, type Published } from './identical-build.ts';
import { readModules } from './read-modules.ts';
import { openRpm } from './rpm-file.ts';
import type { SymversReader } from './symvers-reader.ts';

export interface VerifyDeps extends IdenticalBuildDeps {
  readonly store: ContentStore;
  readonly readSymvers: SymversReader;
  readonly readForeignBuilds: ForeignBuildReader;
}

/** A file that may be signed and published. */
export interface VerifiedPackage extends BuildOutput {
  readonly nevra: Nevra;
}

export type VerifyEnd =
  | {
      readonly kind: 'verified';
      readonly packages: readonly VerifiedPackage[];
      /** Module facts in the store. */
      readonly modules: StoredFile & { readonly moduleCount: number };
      /** Which functions of the modules use what they import, in the store. */
      readonly uses?: StoredFile;
      /** The published build that this one is no different from; absent if there is none. */
      readonly identical?: Published;
    }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/** See {@link verifyActivities}. */
export type VerifyActivities = ReturnType<typeof verifyActivities>;

const MAX_SHOWN_PROBLEMS = 20;
/** Names of packages for debuggers, which are not published. */
export const DEBUG_PATTERN = /-debug(?:info|source)$/;

/** Activities of the verify station: exit code 0 proves nothing. */
export function verifyActivities(deps: VerifyDeps) {
  const { store, readSymvers, records } = deps;

  /** Reads what a build handed out and checks it against the kernel it is for. */
  async function verifyBuild(request: {
    readonly cell: PlannedCell;
    readonly files: readonly BuildOutput[];
    /** Absent in builds of before it was known. */
    readonly expected?: ExpectedPackages;
  }): Promise<VerifyEnd> {
    const { cell, expected } = request;
    return await withHeartbeat(async (signal) => {
      const kernel = await requireKernel(records, cell);
      const symvers = await readSymvers(kernel.symvers);
      const read = await Promise.all(
        request.files.map(async (file) => {
          const rpm = await openRpm(await store.require(file));
          const effects = readPackageEffects(await rpm.readTags());
          const payloadFaults = await findPayloadFaults(rpm, signal);
          const content = { ...rpm.header, fileName: file.fileName, effects, payloadFaults };
          return { file, content, ...(await readModules(rpm, expected, signal)) };
        }),
      );
      const published = read.filter(({ content }) => !DEBUG_PATTERN.test(content.nevra.name));
      const modules = published.flatMap((rpm) => rpm.modules);
      const problems = verifyPackages({
        release: kernel.release,
        arch: kernel.arch,
        packages: published.map(({ content }) => content),
        others: await findOtherKmods(cell, deps),
        modules,
        symvers,
        providers: await readProviders(kernel, cell, signal),
        ...(expected ? { expected } : {}),
      });
      if (problems.length > 0) {
        return { kind: 'refused', problems: problems.slice(0, MAX_SHOWN_PROBLEMS) };
      }
      const paths = await Promise.all(published.map(({ file }) => store.require(file)));
      const identical = await findIdenticalBuild(cell, paths, { ...deps, signal });
      const facts = await store.addText(JSON.stringify(modules));
      const uses = published.flatMap((rpm) => rpm.uses);
      return {
        kind: 'verified',
        packages: published.map(({ file, content }) => ({ ...file, nevra: content.nevra })),
        modules: { ...facts, moduleCount: modules.length },
        uses: await store.addText(`[${uses.join(',')}]`),
        ...(identical ? { identical } : {}),
      };
    });
  }

  /** What the other kmods export for this very kernel. */
  async function readProviders(
    kernel: Kernel,
    cell: PlannedCell,
    signal: AbortSignal,
  ): Promise<KmodExports> {
    const exports = new Map<string, readonly number[]>();
    for (const { modules } of await findProviders(kernel, cell, { ...deps, signal })) {
      collectExports(exports, modules);
    }
    return exports;
  }

  return { verifyBuild };
}
