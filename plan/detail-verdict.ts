import { isTolerated, type SeverityRule } from '../kabi/severities.ts';
import type { SymbolProblem, Symvers } from '../model/kabi.ts';
import type { SymbolUses } from '../model/symbol-uses.ts';
import type { Verdict } from '../model/verdict.ts';

/** What is known about the symbols of a verdict beyond the verdict itself. */
export interface VerdictDetails {
  /** The kernel that the verdict is about. */
  readonly after: Symvers;
  /** The kernel that the judged build was made for; wanted for symbols that are gone. */
  readonly before?: Symvers | undefined;
  /** Which functions of the judged build use which symbols. */
  readonly uses?: SymbolUses | undefined;
  readonly stablelist?: ReadonlySet<string> | undefined;
  readonly severities?: readonly SeverityRule[] | undefined;
}

const SHOWN_FUNCTIONS = 3;
/** Verdicts travel in a workflow's history, those of a whole plan in one payload. */
const MAX_FUNCTION_CHARACTERS = 800;

/**
 * Adds to the symbols that a verdict shows who exported those that are gone, which functions of the
 * kmod use them, and what the stream's lists say of them. Never changes what the verdict decides.
 */
export function detailVerdict(verdict: Verdict, details: VerdictDetails): Verdict {
  if (!('problems' in verdict)) return verdict;
  let room = MAX_FUNCTION_CHARACTERS;
  const shown = verdict.problems.shown.map((problem) => {
    const functions = listFunctions(problem, details.uses);
    room -= functions.reduce((sum, name) => sum + name.length, 0);
    return {
      ...problem,
      ...nameProvider(problem, details),
      ...(functions.length > 0 && room >= 0 ? { functions } : {}),
      ...markSymbol(problem, details),
    };
  });
  return { ...verdict, problems: { ...verdict.problems, shown } };
}

function listFunctions(
  { symbol, usedBy, alsoUsedBy = [] }: SymbolProblem,
  uses: SymbolUses | undefined,
): readonly string[] {
  const names = [usedBy, ...alsoUsedBy].flatMap((module) => uses?.get(module)?.get(symbol) ?? []);
  return [...new Set(names)].slice(0, SHOWN_FUNCTIONS);
}

function nameProvider(
  { symbol, provider }: SymbolProblem,
  { before }: VerdictDetails,
): Pick<SymbolProblem, 'provider'> {
  const module = provider ?? before?.get(symbol)?.module;
  return module === undefined ? {} : { provider: module };
}

function markSymbol(
  { symbol }: SymbolProblem,
  { before, after, stablelist, severities = [] }: VerdictDetails,
): Pick<SymbolProblem, 'isStable' | 'isTolerated'> {
  // The rules speak of where it was exported before.
  const { module = '', namespace = '' } = before?.get(symbol) ?? after.get(symbol) ?? {};
  return {
    ...(stablelist ? { isStable: stablelist.has(symbol) } : {}),
    ...(isTolerated(severities, { symbol, module, namespace }) ? { isTolerated: true } : {}),
  };
}
