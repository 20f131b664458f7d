import { findSubsystem } from '../kabi/subsystem.ts';
import type { CauseKind, ExplainedError, FailureCause } from '../model/failure-cause.ts';
import type { ExportedSymbol, Symvers } from '../model/kabi.ts';
import type { Verdict } from '../model/verdict.ts';
import { findErrors } from './first-error.ts';

/** A failed build and the two kernels between which its source stopped compiling. */
export interface FailedBuild {
  /** The build log; the first megabytes are enough. */
  readonly log: string;
  /** What was foretold. */
  readonly verdict: Verdict;
  readonly before: ReleasedSymvers;
  readonly after: ReleasedSymvers;
}

/** A kernel's exports with its name. */
export interface ReleasedSymvers {
  readonly release: string;
  readonly symvers: Symvers;
}

/** One error causes others; the reason is among the first, or it is not found by their names. */
const SEARCHED_ERRORS = 40;
const SHOWN_ERRORS = 3;

/**
 * Finds what the kernel changed that the errors of a build log name.
 *
 * A name counts only if the kind of error and the kind of change belong together: a function that the
 * compiler does not know is explained by a lost export, one with too few arguments by other types.
 *
 * @returns undefined if no error names a symbol that changed accordingly.
 */
export function matchErrors(build: FailedBuild): FailureCause | undefined {
  const errors: ExplainedError[] = [];
  for (const line of findErrors(build.log, SEARCHED_ERRORS)) {
    const error = explainError(line, build);
    if (!error || errors.some(({ symbol }) => symbol === error.symbol)) continue;
    errors.push(error);
    if (errors.length === SHOWN_ERRORS) break;
  }
  const { before, after } = build;
  return errors.length === 0 ? undefined : { before: before.release, after: after.release, errors };
}

/** A sentence of compiler or modpost, and the changes that can be behind it. */
interface ErrorForm {
  /** The symbol is the first group. */
  readonly pattern: RegExp;
  readonly kinds: readonly CauseKind[];
}

/** A name in the quotes of gcc (‘x’ or, without a UTF-8 locale, 'x'), clang and modpost. */
const QUOTED = '[‘\'"`]([A-Za-z_]\\w{0,127})[’\'"]';

/** @see gcc/c/c-decl.cc, c-typeck.cc of gcc 12; Linux 4.18 and 6.1 scripts/mod/modpost.c */
const ERROR_FORMS: readonly ErrorForm[] = [
  form(`implicit declaration of function ${QUOTED}`, 'lost'),
  form(`(?:call to undeclared function|use of undeclared identifier) ${QUOTED}`, 'lost'),
  form(`${QUOTED} undeclared`, 'lost'),
  form(`${QUOTED} \\[[^\\]]*\\] undefined!`, 'lost'),
  form(`too (?:few|many) arguments to function ${QUOTED}`, 'crc'),
  form(`argument \\d+ of ${QUOTED}`, 'crc'),
  form(`(?:conflicting types for|redefinition of|static declaration of) ${QUOTED}`, 'added', 'crc'),
  form(`${QUOTED} exported twice`, 'added'),
  form(`uses GPL-only symbol ${QUOTED}`, 'gpl-only'),
  form('uses symbol ([A-Za-z_]\\w{0,127}) from namespace', 'namespace'),
];

function form(pattern: string, ...kinds: readonly CauseKind[]): ErrorForm {
  return { pattern: new RegExp(pattern, 'u'), kinds };
}

function explainError(line: string, build: FailedBuild): ExplainedError | undefined {
  for (const { pattern, kinds } of ERROR_FORMS) {
    const symbol = pattern.exec(line)?.[1];
    if (symbol === undefined) continue;
    const before = build.before.symvers.get(symbol);
    const after = build.after.symvers.get(symbol);
    const kind = kinds.find((candidate) => hasChanged(candidate, before, after));
    const provider = (after ?? before)?.module;
    if (kind === undefined || provider === undefined) continue;
    const subsystem = findSubsystem(provider);
    return {
      line,
      kind,
      symbol,
      provider,
      ...(subsystem === undefined ? {} : { subsystem }),
      isForetold: wasForetold(kind, symbol, build.verdict),
    };
  }
  return undefined;
}

function hasChanged(
  kind: CauseKind,
  before: ExportedSymbol | undefined,
  after: ExportedSymbol | undefined,
): boolean {
  if (kind === 'lost') return before !== undefined && after === undefined;
  if (kind === 'added') return before === undefined && after !== undefined;
  if (!before || !after) return false;
  switch (kind) {
    case 'crc':
      return before.crc !== after.crc;
    case 'gpl-only':
      return before.exportType !== after.exportType && after.exportType === 'EXPORT_SYMBOL_GPL';
    case 'namespace':
      return before.namespace !== after.namespace && after.namespace !== '';
  }
}

function wasForetold(kind: CauseKind, symbol: string, verdict: Verdict): boolean {
  if (verdict.kind !== 'broken') return false;
  const { shown, lostCount } = verdict.problems;
  const isShown = shown.some((problem) => {
    const problemKind = problem.kind === 'duplicate' ? 'added' : problem.kind;
    return problem.symbol === symbol && problemKind === kind && kind !== 'crc';
  });
  const shownLost = shown.filter((problem) => problem.kind === 'lost').length;
  return isShown || (kind === 'lost' && lostCount > shownLost);
}
