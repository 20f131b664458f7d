import { findNewDependencies, type KmodExports } from '../kabi/resolve.ts';
import { hasVermagicFlags } from '../kabi/vermagic.ts';
import type { DonorBuild } from '../model/cell.ts';
import type { ModuleFacts, Symvers } from '../model/kabi.ts';
import type { Kernel } from '../model/kernel.ts';
import type { Kmod } from '../model/kmod.ts';
import type { Sha256Hex } from '../model/store.ts';
import { needsBuild, type Verdict } from '../model/verdict.ts';
import { countImports } from './count-imports.ts';
import { listProblemsOf } from './count-problems.ts';
import { judgeRange } from './kernel-range.ts';

/** What is known of one kmod by itself, and the kernel that it is judged for. */
export interface KmodFacts {
  readonly kmod: Kmod;
  readonly kernel: Pick<Kernel, 'release' | 'evr' | 'vermagicFlags'>;
  readonly sourceDigest: Sha256Hex;
  readonly inputDigest: Sha256Hex;
  /** Published builds of the kmod in the kernel's stream, newest kernel first. */
  readonly donors: readonly DonorBuild[];
  /** The condition by which the source itself is not for this kernel; absent if it is. */
  readonly exclusion?: string;
  /** Who froze the kmod and why, e.g. `by ada: its new version loses data`; absent if nobody did. */
  readonly freeze?: string;
  /** Whether a package serves one kernel only, whatever its symbols (kmodtool). */
  readonly bindsToOneKernel: boolean;
  readonly isForced: boolean;
}

/** Everything that a verdict depends on. */
export interface CellFacts extends KmodFacts {
  readonly symvers: Symvers;
  /** The one of {@link listServingBuilds} that loads in the kernel as it is, if any does. */
  readonly accepted: DonorBuild | undefined;
  /** What the kmods that are kept export. */
  readonly providers: KmodExports;
  /** Kmods that this one needs and that are rebuilt for this kernel. */
  readonly rebuiltProviders: readonly string[];
  /** What those export: its CRCs are not known before they are built. */
  readonly pendingSymbols: ReadonlySet<string>;
}

/**
 * Lists the builds that could serve the kernel if their symbols fit, the preferred one first: the build
 * for this very kernel, else those of other kernels from the same source.
 *
 * Without any CRC (no modversions) nothing shows that a build fits, so such a build is not among them;
 * nor is one whose vermagic the loader would refuse.
 */
export function listServingBuilds(facts: KmodFacts): readonly DonorBuild[] {
  if (judgeAlone(facts)) return [];
  const own = findOwn(facts);
  const builds = own
    ? [own]
    : facts.donors.filter(({ sourceDigest }) => sourceDigest === facts.sourceDigest);
  return builds.filter(
    ({ modules }) => !lacksModversions(modules) && !findOtherVermagic(modules, facts.kernel),
  );
}

/**
 * Judges one cell: whether the modules that exist load in this kernel, must be built, or are
 * expected to break.
 *
 * @see reference: kmod weak-modules, `--add-kernel`; kmod-packaging.md §3
 */
export function judgeCell(facts: CellFacts): Verdict {
  const verdict = judgeThawed(facts);
  const { freeze, isForced } = facts;
  if (freeze === undefined || isForced || !needsBuild(verdict)) return verdict;
  return { kind: 'excluded', why: 'frozen', limit: freeze };
}

function judgeThawed(facts: CellFacts): Verdict {
  const alone = judgeAlone(facts);
  if (alone) return alone;
  const { accepted, rebuiltProviders } = facts;
  const subject = accepted ?? findOwn(facts) ?? facts.donors[0];
  if (!subject) throw new Error('BUG: a kmod without builds was not judged never-built');
  const misfit = accepted ? undefined : explainMisfit(facts, subject);
  if (misfit) return misfit;
  const [provider] = rebuiltProviders;
  if (provider !== undefined) {
    return { kind: 'rebuild', why: 'provider-rebuilt', provider, donor: subject.release };
  }
  if (!accepted) throw new Error(`BUG: nothing says why no build of ${facts.kmod.name} fits`);
  return keep(facts, accepted);
}

/** What can be said without looking at any symbol; undefined if the symbols decide. */
function judgeAlone(facts: KmodFacts): Verdict | undefined {
  const excluded = judgeRange(facts.kmod, facts.kernel.evr);
  if (excluded) return excluded;
  if (facts.exclusion !== undefined) {
    return { kind: 'excluded', why: 'source-excludes', limit: facts.exclusion };
  }
  const own = findOwn(facts);
  const subject = own ?? facts.donors[0];
  if (!subject) return { kind: 'rebuild', why: 'never-built' };
  if (facts.isForced) return { kind: 'rebuild', why: 'forced' };
  const donor = subject.release;
  if (subject.sourceDigest !== facts.sourceDigest) {
    return { kind: 'rebuild', why: 'source-changed', donor };
  }
  if (own && own.inputDigest !== facts.inputDigest) {
    return { kind: 'rebuild', why: 'builder-changed', donor };
  }
  return !own && facts.bindsToOneKernel ? { kind: 'rebuild', why: 'never-built' } : undefined;
}

function findOwn({ donors, kernel }: KmodFacts): DonorBuild | undefined {
  return donors.find(({ release }) => release === kernel.release);
}

function explainMisfit(facts: CellFacts, { modules, release: donor }: DonorBuild) {
  const { symvers: kernel, providers, pendingSymbols } = facts;
  // A provider that is rebuilt will export its symbols with the CRCs that its dependants get.
  const problems = listProblemsOf(
    { modules, kernel, providers },
    ({ kind, symbol }) => kind === 'duplicate' || !pendingSymbols.has(symbol),
  );
  if (problems.lostCount > 0) {
    return { kind: 'broken', why: 'symbols-lost', donor, problems } as const;
  }
  if (problems.refusedCount > 0) {
    return { kind: 'broken', why: 'symbols-refused', donor, problems } as const;
  }
  if (lacksModversions(modules)) {
    return { kind: 'rebuild', why: 'no-modversions', donor, problems } as const;
  }
  if (problems.crcCount > 0) {
    return { kind: 'rebuild', why: 'crc-changed', donor, problems } as const;
  }
  const found = findOtherVermagic(modules, facts.kernel);
  if (found === undefined) return undefined;
  const expected = (facts.kernel.vermagicFlags ?? []).join(' ');
  return { kind: 'rebuild', why: 'vermagic-changed', donor, found, expected } as const;
}

function keep({ kernel, symvers }: CellFacts, { modules, release }: DonorBuild): Verdict {
  if (release === kernel.release) return { kind: 'keep', why: 'built-for-this-kernel' };
  const newDependencies = findNewDependencies(modules, symvers);
  return {
    kind: 'keep',
    why: 'compatible',
    donor: release,
    importCount: countImports(modules),
    ...(newDependencies.length === 0 ? {} : { newDependencies }),
  };
}

/** The vermagic of the first module that was configured otherwise than the kernel is, if one was. */
export function findOtherVermagic(
  modules: readonly ModuleFacts[],
  { vermagicFlags }: Pick<Kernel, 'vermagicFlags'>,
): string | undefined {
  if (vermagicFlags === undefined) return undefined;
  return modules.find(({ vermagic }) => !hasVermagicFlags(vermagic, vermagicFlags))?.vermagic;
}

/**
 * Whether an import has no CRC: such a module would load anywhere, and crash there. A CRC of 0 was never
 * computed and says as little.
 */
export function lacksModversions(modules: readonly ModuleFacts[]): boolean {
  return modules.some(
    ({ imports, importsWithoutCrc }) =>
      importsWithoutCrc.length > 0 || imports.some(({ crc }) => crc === 0),
  );
}
