import { NotFoundError } from '../../model/activity-errors.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { LoadTestSettings } from '../../model/kmod.ts';
import type { LoadTestReport } from '../../model/load-test.ts';
import type { PlannedCell } from '../../model/plan.ts';
import type { StoredFile } from '../../model/store.ts';
import { judgeLoad } from '../../plan/judge-load.ts';
import { requireKernel } from '../assess.ts';
import type { BuildOutput } from '../build.ts';
import type { ContentStore } from '../content-store.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { Records } from '../records.ts';
import { requireNamed } from '../require-named.ts';
import { withScratch } from '../scratch.ts';
import { type BootModuleFile, bootAndInsert } from './boot-and-insert.ts';
import { type KernelArchiveDeps, openKernelArchives } from './kernel-archives.ts';
import type { GuestArch, TestMachine } from './machine.ts';
import type { ModuleArchive } from './module-archive.ts';
import { openMachines } from './open-machines.ts';
import { planInsertions, type TestedModule } from './plan-insertions.ts';
import { type BuiltModule, chooseModules, readModules } from './read-modules.ts';

export interface LoadTestDeps extends KernelArchiveDeps {
  readonly store: ContentStore;
  readonly records: Records;
  /** Directories of programs, as in `PATH`. */
  readonly searchPath: string;
}

/** See {@link loadTestActivities}. */
export type LoadTestActivities = ReturnType<typeof loadTestActivities>;

/** A hung boot may be a busy machine's fault, and one without a word of the guest too: they are repeated. */
const MAX_BOOTS = 2;

/** Activities of the load station: does the kernel take what was built for it? */
export function loadTestActivities(deps: LoadTestDeps) {
  const { settings, data, store, records } = deps;
  const archives = openKernelArchives(deps);
  const machines = openMachines(deps);

  /**
   * Inserts a build's modules in the kernel that they were built for. That they do not load is a result; only
   * what says nothing about them throws.
   */
  async function testLoading(request: {
    readonly cell: PlannedCell;
    readonly packages: readonly BuildOutput[];
  }): Promise<LoadTestReport> {
    const { cell, packages } = request;
    const kernel = await requireKernel(records, cell);
    const { loadTest } = requireNamed(settings.kmods, 'test', 'kmod', cell.kmod);
    if (!loadTest) {
      throw new NotFoundError(
        'test',
        cell.kmod,
        'expected a load test in the configuration, found none',
      );
    }
    return await withHeartbeat(async (signal) => {
      const archive = await archives(kernel, signal);
      const machine = await machines(requireArch(kernel), archive.kernel, signal);
      const modules = await planModules({ cell, packages, loadTest, archive }, signal);
      return await withScratch(data, 'load-test', (scratchRoot) =>
        boot({ machine, archive, modules, loadTest, scratchRoot }, signal),
      );
    });
  }

  /** The modules to try with all that they need: of the kernel, and of kmods whose symbols they use. */
  async function planModules(
    plan: {
      readonly cell: PlannedCell;
      readonly packages: readonly BuildOutput[];
      readonly loadTest: LoadTestSettings;
      readonly archive: ModuleArchive;
    },
    signal: AbortSignal,
  ): Promise<readonly BootModuleFile[]> {
    const { cell, packages, loadTest, archive } = plan;
    const own = await readModules(packages, store, signal);
    const wanted = chooseModules(own, loadTest.modules);
    const givers = own.filter((module) => !wanted.includes(module));
    for (const kmod of cell.needs) {
      givers.push(...(await readModules(await findPackages(cell, kmod), store, signal)));
    }
    const parameters = new Map(Object.entries(loadTest.parameters));
    const withParameters = (module: BuiltModule): TestedModule => {
      const text = parameters.get(module.name);
      return text === undefined ? module : { ...module, parameters: text };
    };
    return await planInsertions({
      modules: wanted.map(withParameters),
      givers: givers.map(withParameters),
      alsoInsert: loadTest.alsoInsert,
      archive,
      signal,
    });
  }

  /** Packages of another kmod that serve this kernel: of its own build, or one that was kept. */
  async function findPackages(cell: PlannedCell, kmod: string): Promise<readonly StoredFile[]> {
    const own = await records.readCell({ ...cell, kmod });
    const verdict = own?.verdict;
    const isLent = verdict?.kind === 'keep' && verdict.why === 'compatible';
    const giver = isLent ? await records.readCell({ ...cell, kmod, release: verdict.donor }) : own;
    return giver?.lastBuild?.packages ?? [];
  }

  return { testLoading };
}

interface Trial {
  readonly machine: TestMachine;
  readonly archive: ModuleArchive;
  readonly modules: readonly BootModuleFile[];
  readonly loadTest: LoadTestSettings;
  readonly scratchRoot: string;
}

async function boot(trial: Trial, signal: AbortSignal): Promise<LoadTestReport> {
  const { machine, archive, modules, loadTest, scratchRoot } = trial;
  for (let boots = 1; ; boots += 1) {
    const startedAt = performance.now();
    const report = await bootAndInsert(
      {
        machine,
        kernel: archive.kernel,
        groups: [{ name: 'modules', modules }],
        timeoutMs: loadTest.timeoutMs,
        memoryMiB: loadTest.memoryMiB,
        acceptNoDevice: loadTest.acceptNoDevice,
        scratchRoot,
      },
      { signal },
    );
    const isDoubtful = report.end.kind === 'hung' || report.end.kind === 'no-boot';
    if (isDoubtful && boots < MAX_BOOTS) continue;
    const durationMs = Math.round(performance.now() - startedAt);
    const { accelerator } = machine;
    return judgeLoad({ boot: report, release: archive.release, accelerator, durationMs });
  }
}

function requireArch({ arch, release }: Kernel): GuestArch {
  if (arch === 'x86_64' || arch === 'aarch64') return arch;
  const detail = `expected one of x86_64 or aarch64, found ${arch}`;
  throw new NotFoundError('test modules on kernel', release, detail);
}
