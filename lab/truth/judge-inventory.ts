import { findFit } from '../../kabi/fit.ts';
import { findProblems } from '../../kabi/resolve.ts';
import type { DonorBuild } from '../../model/cell.ts';
import type { SymbolProblem } from '../../model/kabi.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { Kmod } from '../../model/kmod.ts';
import type { Verdict } from '../../model/verdict.ts';
import { assemblePlan } from '../../plan/assemble-plan.ts';
import type { Inventory } from './inventory.ts';
import type { TruthKernel } from './kernels.ts';

/** What rekmod says about one kmod of an inventory. */
export interface Judged {
  readonly verdict: Verdict;
  /** All of them, against what the kmods that are kept export; a verdict shows the first few. */
  readonly problems: readonly SymbolProblem[];
}

const STREAM = { name: 'truth', target: 'truth', repository: 'truth' };
const DIGEST = '0'.repeat(64);
/** The time of finding a kernel is in no verdict. */
const FOUND_AT = '2026-01-01T00:00:00.000Z';

/** Judges an inventory with rekmod's own planner, as `rekmod plan` would. @returns By kmod. */
export function judgeInventory({
  kernel,
  builtFor,
  builds,
}: Pick<Inventory, 'kernel' | 'builtFor' | 'builds'>): ReadonlyMap<string, Judged> {
  const donors = builds.map(({ kmod, modules }) => ({
    kmod,
    donor: describeDonor(
      builtFor,
      modules.map(({ facts }) => facts),
    ),
  }));
  const plan = assemblePlan({
    stream: STREAM,
    kernel: describeKernel(kernel),
    symvers: kernel.symvers,
    kmods: donors.map(({ kmod, donor }) => ({
      kmod: describeKmod(kmod),
      sourceDigest: DIGEST,
      inputDigest: DIGEST,
      donors: [donor],
      bindsToOneKernel: false,
    })),
    forced: [],
  });
  const { exports: providers } = findFit(
    donors.map(({ kmod, donor }) => ({ kmod, builds: [donor] })),
    kernel.symvers,
  );
  const verdicts = new Map(plan.cells.map(({ kmod, verdict }) => [kmod, verdict]));
  return new Map(
    donors.map(({ kmod, donor: { modules } }) => {
      const verdict = verdicts.get(kmod);
      if (!verdict) throw new Error(`BUG: ${kmod} was not judged`);
      const problems = findProblems({ modules, kernel: kernel.symvers, providers });
      return [kmod, { verdict, problems }];
    }),
  );
}

function describeDonor(release: string, modules: DonorBuild['modules']): DonorBuild {
  return {
    release,
    sourceDigest: DIGEST,
    inputDigest: DIGEST,
    buildNumber: 1,
    durationMs: 0,
    modules,
  };
}

function describeKmod(name: string): Kmod {
  const source = { kind: 'srpm', path: name } as const;
  return { name, source, dialect: 'auto', streams: [STREAM.name], required: true };
}

function describeKernel({ release, symvers, symversDigest, vermagicFlags }: TruthKernel): Kernel {
  const evr = { epoch: 0, version: release, release: '1' };
  return {
    stream: STREAM.name,
    release,
    arch: 'x86_64',
    flavour: 'default',
    evr,
    foundAt: FOUND_AT,
    devel: {
      sha256: DIGEST,
      sizeBytes: 0,
      nevra: { name: 'kernel-devel', arch: 'x86_64', ...evr },
    },
    symvers: { sha256: symversDigest, sizeBytes: 0, symbolCount: symvers.size },
    vermagicFlags,
  };
}
