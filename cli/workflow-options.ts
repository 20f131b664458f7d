import type { WorkflowOptions } from '../model/workflow-messages.ts';
import type { CommandContext } from './context.ts';

/**
 * A rollout runs so many rebuilds more than there are builders: one that is verified or published
 * leaves no builder idle, and the order, longest first, still holds.
 */
const WAITING_REBUILDS = 1;
/**
 * So many where builds take milliseconds. Each is a workflow in the worker's memory, and what a person triggers stands
 * behind all their builds.
 */
const WIDEST_WINDOW = 48;
const PUBLISH_BATCH_MS = 100;
/** What is kept is counted in days, mostly. */
const LONGEST_TIDY_MS = 6 * 60 * 60_000;

/** What workflows are told of the configuration. */
export function workflowOptions(
  { settings }: Pick<CommandContext, 'settings'>,
  hasSearchAttributes: boolean,
): WorkflowOptions {
  const { limits, streams } = settings;
  const gated = streams.filter(({ gate }) => gate !== undefined).map(({ name }) => name);
  return {
    window: limits.parallelBuilds + WAITING_REBUILDS,
    widestWindow: Math.max(WIDEST_WINDOW, limits.parallelBuilds + WAITING_REBUILDS),
    buildTimeoutMs: limits.buildTimeoutMs,
    prepareTimeoutMs: limits.prepareTimeoutMs,
    publishBatchMs: PUBLISH_BATCH_MS,
    tidyMs: chooseTidyMs(settings),
    hasSearchAttributes,
    ...(limits.rolloutBudgetMs === undefined ? {} : { rolloutBudgetMs: limits.rolloutBudgetMs }),
    ...(gated.length > 0 ? { gatedStreams: gated } : {}),
  };
}

/** Often enough that nothing stays twice as long as any repository says. */
function chooseTidyMs({ repositories }: CommandContext['settings']): number {
  const keeps = repositories.flatMap(({ keep }) => [keep.goneMs, keep.graceMs, keep.historyMs]);
  return Math.min(LONGEST_TIDY_MS, ...keeps);
}
