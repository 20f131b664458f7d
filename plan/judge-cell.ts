import { findProblems } from '../kabi/resolve.ts';
import type { DonorBuild } from '../model/cell.ts';
import type { PackagedModule, SymbolProblem, Symvers } from '../model/kabi.ts';
import type { Kernel } from '../model/kernel.ts';
import type { Kmod } from '../model/kmod.ts';
import type { Sha256Hex } from '../model/store.ts';
import type { Verdict } from '../model/verdict.ts';
import { judgeRange } from './kernel-range.ts';
import { listProblems } from './list-problems.ts';

/** Everything that a verdict depends on. */
export interface CellFacts {
  readonly kmod: Kmod;
  readonly kernel: Pick<Kernel, 'release' | 'evr'>;
  readonly symvers: Symvers;
  readonly sourceDigest: Sha256Hex;
  readonly inputDigest: Sha256Hex;
  /** Published builds of the kmod in the kernel's stream, newest kernel first. */
  readonly donors: readonly DonorBuild[];
  /** Symbol → CRC that the kmods accepted so far export. */
  readonly providers: ReadonlyMap<string, number>;
  /** Kmods that this one needs and that are rebuilt for this kernel. */
  readonly rebuiltProviders: readonly string[];
  /** What those export: its CRCs are not known before they are built. */
  readonly pendingSymbols: ReadonlySet<string>;
  /** Whether a package serves one kernel only, whatever its symbols (kmodtool). */
  readonly bindsToOneKernel: boolean;
  readonly isForced: boolean;
}

/**
 * Judges one cell: whether the modules that exist load in this kernel, must be built, or are
 * expected to break.
 *
 * The rule is weak-modules': a build for another kernel is kept if every symbol it imports is
 * exported here with the same CRC. Without any CRC (no modversions) nothing is known, so it is never
 * kept.
 *
 * @see reference: kmod weak-modules, `--add-kernel`; kmod-packaging.md §3
 */
export function judgeCell(facts: CellFacts): Verdict {
  const excluded = judgeRange(facts.kmod, facts.kernel.evr);
  if (excluded) return excluded;
  const [newest] = facts.donors;
  if (!newest) return { kind: 'rebuild', why: 'never-built' };
  if (facts.isForced) return { kind: 'rebuild', why: 'forced' };
  const own = facts.donors.find((donor) => donor.release === facts.kernel.release);
  if (own) return judgeOwnBuild(facts, own);
  if (newest.sourceDigest !== facts.sourceDigest) {
    return { kind: 'rebuild', why: 'source-changed', donor: newest.release };
  }
  if (facts.bindsToOneKernel) return { kind: 'rebuild', why: 'never-built' };
  return judgeDonors(facts, newest);
}

function judgeOwnBuild(facts: CellFacts, own: DonorBuild): Verdict {
  if (own.sourceDigest !== facts.sourceDigest) {
    return { kind: 'rebuild', why: 'source-changed', donor: own.release };
  }
  if (own.inputDigest !== facts.inputDigest) {
    return { kind: 'rebuild', why: 'builder-changed', donor: own.release };
  }
  return (
    judgeProviders(facts, own) ??
    judgeProvidersCrcs(facts, own) ?? { kind: 'keep', why: 'built-for-this-kernel' }
  );
}

/** A provider that was rebuilt alone, by hand, may export other CRCs than this build imports. */
function judgeProvidersCrcs(facts: CellFacts, own: DonorBuild): Verdict | undefined {
  const changed = problemsOf(facts, own).filter((problem) => problem.kind === 'crc');
  if (changed.length === 0) return undefined;
  const problems = listProblems(changed);
  return { kind: 'rebuild', why: 'crc-changed', donor: own.release, problems };
}

/** Takes the newest build that fits as it is; when none does, says what is wrong with the newest. */
function judgeDonors(facts: CellFacts, newest: DonorBuild): Verdict {
  const fitting = facts.donors.find(
    (donor) =>
      donor.sourceDigest === facts.sourceDigest &&
      !lacksModversions(donor.modules) &&
      problemsOf(facts, donor).length === 0,
  );
  if (!fitting) return explainMisfit(facts, newest);
  const importCount = fitting.modules.reduce((sum, module) => sum + module.imports.length, 0);
  return (
    judgeProviders(facts, fitting) ?? {
      kind: 'keep',
      why: 'compatible',
      donor: fitting.release,
      importCount,
    }
  );
}

function explainMisfit(facts: CellFacts, donor: DonorBuild): Verdict {
  const problems = listProblems(problemsOf(facts, donor));
  if (problems.lostCount + problems.refusedCount > 0) {
    const why = problems.lostCount > 0 ? 'symbols-lost' : 'symbols-refused';
    return { kind: 'broken', why, donor: donor.release, problems };
  }
  const why = lacksModversions(donor.modules) ? 'no-modversions' : 'crc-changed';
  return { kind: 'rebuild', why, donor: donor.release, problems };
}

function judgeProviders(facts: CellFacts, donor: DonorBuild): Verdict | undefined {
  const [provider] = facts.rebuiltProviders;
  if (provider === undefined) return undefined;
  return { kind: 'rebuild', why: 'provider-rebuilt', provider, donor: donor.release };
}

function problemsOf(facts: CellFacts, donor: DonorBuild): readonly SymbolProblem[] {
  return findProblems({
    modules: donor.modules,
    kernel: facts.symvers,
    providers: facts.providers,
  }).filter((problem) => !facts.pendingSymbols.has(problem.symbol));
}

/**
 * A module that imports something without a CRC would load anywhere, and crash there; a CRC of 0 was
 * never computed and says as little.
 */
function lacksModversions(modules: readonly PackagedModule[]): boolean {
  return modules.some(
    ({ imports, importsWithoutCrc }) =>
      importsWithoutCrc.length > 0 || imports.some(({ crc }) => crc === 0),
  );
}
