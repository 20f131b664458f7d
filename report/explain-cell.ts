import type { CellKey, CellOutcome, CellRecord } from '../model/cell.ts';
import type { FailureKind } from '../model/errors.ts';
import type { ExplainedFact, ExplainedSymbol, Explanation } from '../model/explanation.ts';
import type { Deferral } from '../model/failure-memory.ts';
import type { GatedKernel } from '../model/gate.ts';
import type { ProblemKind, SymbolProblem } from '../model/kabi.ts';
import type { KmodNeed } from '../model/plan.ts';
import { needsBuild, type Verdict } from '../model/verdict.ts';
import { explainSymbols } from '../plan/explain-symbols.ts';
import { findCellState } from './cell-state.ts';
import { cleanText } from './clean-text.ts';
import { describeError } from './describe-cause.ts';
import { describeDeferral } from './describe-deferral.ts';
import { describeNeed } from './describe-need.ts';
import { describeOutcome, describeVerdict } from './describe-verdict.ts';
import { formatMoment } from './format-values.ts';
import { headlineOf } from './headline.ts';
import { listLoadTestFacts } from './load-test-facts.ts';

/** What is known of a cell. */
export interface ExplainedCell extends CellKey {
  /** The verdict that the work on it began with; without any work, the one of this moment. */
  readonly verdict?: Verdict | undefined;
  /** How the work ended, if it did. */
  readonly outcome?: CellOutcome | undefined;
  /** The verdict of this moment, where work has ended. */
  readonly now?: Verdict | undefined;
  /** Why it needs other kmods, if it does. */
  readonly needReasons?: readonly KmodNeed[] | undefined;
  /** Why the kmod's source cannot be read at this moment. */
  readonly fault?: string | undefined;
  /** Whether machines see the kernel; absent where nobody decides that. */
  readonly gate?: Pick<GatedKernel, 'state' | 'reason'> | undefined;
  /** When it is tried again, where it failed; see {@link describeRetry}. */
  readonly retry?: string | undefined;
  /** Why a rollout would not build it at this moment. */
  readonly deferral?: Deferral | undefined;
  /** When the work ended, and in which run of which workflow. */
  readonly ended?: Pick<CellRecord, 'updatedAt' | 'workflowId' | 'runId'>;
}

/** Explains a cell: what happens, what is to be done, and the symbols behind it. */
export function explainCell(cell: ExplainedCell): Explanation {
  const { stream, kmod, release, verdict, outcome } = cell;
  const { symbols, hiddenSymbolCount } = explainSymbols(verdict);
  return {
    stream,
    kmod,
    release,
    state: findCellState({ verdict, outcome }),
    headline: headlineOf(cell),
    needsAction: needsAction(cell),
    facts: listFacts(cell),
    symbols: symbols.map((symbol): ExplainedSymbol => {
      return { ...symbol, follows: describeFollows(symbol, outcome) };
    }),
    hiddenSymbolCount,
  };
}

function needsAction({ verdict, outcome, fault }: ExplainedCell): boolean {
  if (!outcome) return fault !== undefined || verdict?.kind === 'broken';
  if (outcome.kind === 'deferred') return outcome.deferral.why !== 'over-budget';
  if (outcome.kind === 'failed' && outcome.trouble) return NEEDING_TROUBLE.has(outcome.trouble);
  if (outcome.kind !== 'published') return outcome.kind !== 'kept' && outcome.kind !== 'excluded';
  const { loadTest } = outcome.build;
  return loadTest?.kind === 'tested' && !loadTest.isGood;
}

/** What does not pass by itself. */
const NEEDING_TROUBLE: ReadonlySet<FailureKind> = new Set(['configuration', 'bug', 'disk']);

function listFacts(cell: ExplainedCell): readonly ExplainedFact[] {
  const { stream, kmod, release, verdict, outcome, now, fault, ended, gate } = cell;
  const facts: ExplainedFact[] = [{ label: 'stream', text: cleanText(stream, 64) }];
  if (verdict) facts.push({ label: 'verdict', text: describeVerdict(verdict) });
  if (verdict?.kind === 'keep' && verdict.why === 'compatible' && verdict.newDependencies) {
    facts.push({ label: 'new', text: describeDependencies(verdict.newDependencies) });
  }
  for (const need of cell.needReasons ?? []) {
    facts.push({ label: 'needs', text: describeNeed(need) });
  }
  if (outcome) facts.push({ label: 'outcome', text: describeOutcome(outcome) });
  if (outcome?.kind === 'failed') facts.push(...listErrors(outcome));
  facts.push(...listLoadTestFacts(outcome));
  if (outcome?.kind === 'failed' && outcome.attemptLog !== undefined) {
    const text = `rekmod logs ${cleanText(kmod, 64)} ${cleanText(release, 64)}`;
    facts.push({ label: 'log', text });
  }
  if (ended) facts.push(...describeEnd(ended));
  facts.push(...listAgain(cell));
  if (outcome && now && isNews(now, outcome)) {
    const text = headlineOf({ kmod, release, verdict: now, isLate: true });
    facts.push({ label: 'by now', text });
  }
  if (gate) {
    const text = `the kernel is ${gate.state}: ${cleanText(gate.reason, 400)}`;
    facts.push({ label: 'gate', text });
  }
  if (fault !== undefined) facts.push({ label: 'source', text: cleanText(fault, 400) });
  return facts;
}

/** When what failed or is put off is tried again. */
function listAgain({ retry, deferral }: ExplainedCell): readonly ExplainedFact[] {
  return [
    ...(retry === undefined ? [] : [{ label: 'again', text: retry }]),
    ...(deferral ? [{ label: 'not now', text: describeDeferral(deferral) }] : []),
  ];
}

function describeEnd({
  updatedAt,
  workflowId,
  runId,
}: NonNullable<ExplainedCell['ended']>): readonly ExplainedFact[] {
  const workflow = `${cleanText(workflowId)}, run ${cleanText(runId, 64)}`;
  return [
    { label: 'ended', text: cleanText(formatMoment(updatedAt), 64) },
    ...(workflowId === '' ? [] : [{ label: 'workflow', text: workflow }]),
  ];
}

/** Whether the verdict of this moment tells something else than how the work ended. */
function isNews(now: Verdict, { kind }: CellOutcome): boolean {
  const isDone = kind === 'published' || kind === 'kept' || kind === 'excluded';
  return isDone === needsBuild(now);
}

/** The errors behind the first one, which stands in the outcome. */
function listErrors({ cause }: Extract<CellOutcome, { kind: 'failed' }>): readonly ExplainedFact[] {
  if (!cause) return [];
  return cause.errors.slice(1).map((error) => {
    return { label: 'error', text: `${cleanText(error.line)}; ${describeError(error, cause)}` };
  });
}

const SHOWN_DEPENDENCIES = 4;

function describeDependencies(modules: readonly string[]): string {
  const shown = modules.slice(0, SHOWN_DEPENDENCIES).map((module) => cleanText(module, 96));
  const more = modules.length - shown.length;
  const list = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `here it needs modules of the kernel that it did not need before: ${list}; depmod finds them, an initramfs must hold them`;
}

function describeFollows(
  { symbol, kind }: SymbolProblem,
  outcome: CellOutcome | undefined,
): string {
  if (outcome?.kind === 'published') return BUILT_WORDS[kind];
  const name = `\`${cleanText(symbol, 64)}\``;
  if (outcome?.kind === 'failed' && outcome.step === 'build') {
    const isCause = outcome.cause?.errors.some((error) => error.symbol === symbol) ?? false;
    if (isCause)
      return `the build failed of it: ${name} ${kind === 'lost' ? 'is gone' : 'changed'}`;
    if (kind === 'lost') return `${name} is gone, but the first errors of the build do not name it`;
  }
  return kind === 'lost' ? `build is expected to fail: ${name} is gone` : FOLLOWING_WORDS[kind];
}

/** What follows for a module as it was built before. */
const FOLLOWING_WORDS: Readonly<Record<Exclude<ProblemKind, 'lost'>, string>> = {
  crc: 'loads again once rebuilt',
  'gpl-only': 'the kernel refuses it to a module of this licence',
  namespace: 'the kernel refuses it to a module that does not import its namespace',
  duplicate: 'the kernel refuses a module that exports what it has itself',
};

/** What became of it in a build that was verified. */
const BUILT_WORDS: Readonly<Record<ProblemKind, string>> = {
  lost: 'the rebuilt module does without it',
  crc: 'the rebuilt module fits it',
  'gpl-only': 'the rebuilt module may use it or does without it',
  namespace: 'the rebuilt module may use it or does without it',
  duplicate: 'the rebuilt module does not export it',
};
