import { listModuleUses } from '../kabi/module-uses.ts';
import { collectExports, type KmodExports } from '../kabi/resolve.ts';
import type { PackagedModule } from '../model/kabi.ts';
import type { Kernel, Nevra } from '../model/kernel.ts';
import type { PlannedCell } from '../model/plan.ts';
import type { StoredFile } from '../model/store.ts';
import { type PackageContent, verifyPackages } from '../plan/verify-packages.ts';
import { requireKernel } from './assess.ts';
import type { BuildOutput } from './build.ts';
import type { ContentStore } from './content-store.ts';
import type { ForeignBuildReader } from './foreign-builds.ts';
import { withHeartbeat } from './heartbeat.ts';
import { readPackagedModules } from './packaged-modules.ts';
import type { Records } from './records.ts';
import { openRpm } from './rpm-file.ts';
import type { SymversReader } from './symvers-reader.ts';

export interface VerifyDeps {
  readonly store: ContentStore;
  readonly readSymvers: SymversReader;
  readonly records: Records;
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
    }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/** See {@link verifyActivities}. */
export type VerifyActivities = ReturnType<typeof verifyActivities>;

const MAX_SHOWN_PROBLEMS = 20;
/** A package of 40 modules has 200,000; they only explain. */
const MAX_USES_CHARACTERS = 1024 * 1024;
/** Packages for debuggers are not published. */
const DEBUG_PATTERN = /-debug(?:info|source)$/;

/** Activities of the verify station: exit code 0 proves nothing. */
export function verifyActivities({ store, readSymvers, records, ...deps }: VerifyDeps) {
  /** Reads what a build handed out and checks it against the kernel it is for. */
  async function verifyBuild(request: {
    readonly cell: PlannedCell;
    readonly files: readonly BuildOutput[];
  }): Promise<VerifyEnd> {
    const { cell } = request;
    return await withHeartbeat(async (signal) => {
      const kernel = await requireKernel(records, cell);
      const symvers = await readSymvers(kernel.symvers);
      const read = await Promise.all(
        request.files.map(async (file) => await readPackage(file, store, signal)),
      );
      const published = read.filter(({ content }) => !DEBUG_PATTERN.test(content.nevra.name));
      const modules = published.flatMap((rpm) => rpm.modules);
      const problems = verifyPackages({
        release: kernel.release,
        arch: kernel.arch,
        packages: published.map(({ content }) => content),
        modules,
        symvers,
        providers: await readProviders(kernel, cell, signal),
      });
      if (problems.length > 0) {
        return { kind: 'refused', problems: problems.slice(0, MAX_SHOWN_PROBLEMS) };
      }
      const facts = await store.addText(JSON.stringify(modules));
      const uses = published.flatMap((rpm) => rpm.uses);
      return {
        kind: 'verified',
        packages: published.map(({ file, content }) => ({ ...file, nevra: content.nevra })),
        modules: { ...facts, moduleCount: modules.length },
        uses: await store.addText(`[${uses.join(',')}]`),
      };
    });
  }

  /** What the other kmods export for this very kernel: by a build of their own, or one that was kept. */
  async function readProviders(
    kernel: Kernel,
    cell: PlannedCell,
    signal: AbortSignal,
  ): Promise<KmodExports> {
    const providers = new Map<string, readonly number[]>();
    const donorsOf = await records.openDonors(kernel);
    for (const kmod of cell.needs) {
      const verdict = (await records.readCell({ ...cell, kmod }))?.verdict;
      const isLent = verdict?.kind === 'keep' && verdict.why === 'compatible';
      const release = isLent ? verdict.donor : cell.release;
      const donors = [...donorsOf(kmod), ...(await deps.readForeignBuilds(kmod, kernel, signal))];
      const build = donors.find((donor) => donor.release === release) ?? donors[0];
      collectExports(providers, build?.modules ?? []);
    }
    return providers;
  }

  return { verifyBuild };
}

interface ReadPackage {
  readonly file: BuildOutput;
  readonly content: PackageContent;
  readonly modules: readonly PackagedModule[];
  /** JSON of `ModuleUses`, one a module, as long as there is room. */
  readonly uses: readonly string[];
}

async function readPackage(
  file: BuildOutput,
  store: ContentStore,
  signal: AbortSignal,
): Promise<ReadPackage> {
  const rpm = await openRpm(await store.require(file));
  const uses: string[] = [];
  let usesLength = 0;
  const modules = await readPackagedModules(rpm, signal, (module) => {
    if (usesLength > MAX_USES_CHARACTERS) return;
    uses.push(JSON.stringify(listModuleUses(module)));
    usesLength += uses.at(-1)?.length ?? 0;
  });
  const { nevra, files: entries } = rpm.header;
  return { file, content: { fileName: file.fileName, nevra, files: entries }, modules, uses };
}
