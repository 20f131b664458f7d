import {
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { GateRules, GateView } from '../model/gate.ts';
import { isOpen } from '../model/gate.ts';
import type { GateInput } from '../model/workflow-messages.ts';
import { gateMarkdown } from '../report/gate-markdown.ts';
import { toSummary } from '../report/text-size.ts';
import { callGate, gate, gateView } from './activity-proxies.ts';
import { describeFailure } from './describe-failure.ts';
import { type GateDesk, openGateDesk } from './gate-desk.ts';
import { setAttributes } from './search-attributes.ts';

/** After trouble, e.g. a mirror that is down. */
const RETRY_MS = 60_000;
/** Looks are told by signals; this is for one that was lost. */
const LONGEST_MS = 24 * 60 * 60_000;

/**
 * The only one who decides which kernels of a stream machines see: decides, has the gated repository written, and
 * waits until something changes, a person decides something, or time is up for a waiver. Lives as long as the
 * stream has a gate.
 */
export async function gateStream(input: GateInput): Promise<void> {
  const { stream } = input;
  const desk = openGateDesk(input);
  desk.rules = input.rules ?? (await openRules(stream));
  let waitMs = LONGEST_MS;
  for (;;) {
    await condition(() => desk.isDue, waitMs);
    const end = await walk(desk, stream);
    if (end === 'no-gate') return;
    setAttributes({ gate: desk.kernels.at(-1)?.state ?? 'held' }, desk.options);
    waitMs = end === 'trouble' ? RETRY_MS : untilNext(desk);
    if (!workflowInfo().continueAsNewSuggested) continue;
    // Whoever asks for something until then gets a round of this run; what is only rung for, one of the next.
    await condition(() => desk.hasRequests || allHandlersFinished());
    const { options, rules } = desk;
    if (!desk.hasRequests)
      return await continueAsNew<typeof gateStream>({ ...input, options, rules });
  }
}

async function openRules(stream: string): Promise<GateRules> {
  return await gate.openGate.executeWithOptions({ summary: 'Read what people decided before' }, [
    { stream },
  ]);
}

function untilNext({ nextAt }: GateDesk): number {
  if (nextAt === undefined) return LONGEST_MS;
  return Math.min(LONGEST_MS, Math.max(1000, Date.parse(nextAt) - Date.now()));
}

/** One round: decide, write, tell. What people ask for meanwhile is for the next one. */
async function walk(desk: GateDesk, stream: string): Promise<'done' | 'trouble' | 'no-gate'> {
  desk.begin();
  try {
    const judged = await gate.judgeGate.executeWithOptions(
      { summary: `Decide which kernels of ${stream} machines may see` },
      [{ stream, rules: desk.rules }],
    );
    if (judged.kind === 'no-gate') return 'no-gate';
    desk.learn(judged);
    const thawed = desk.takeThawed();
    if (thawed.length > 0) {
      await callGate.rebuildThawed.executeWithOptions(
        { summary: toSummary(`Rebuild what was frozen: ${thawed.join(', ')}`) },
        [{ stream, kmods: thawed, options: desk.options }],
      );
    }
    const isGood = await showView(desk, stream);
    return isGood ? 'done' : 'trouble';
  } catch (error) {
    if (isCancellation(error)) throw error;
    setCurrentDetails(describeFailure(error));
    return 'trouble';
  } finally {
    desk.end();
  }
}

/** A repository that cannot be written is told and tried again; the old one is served meanwhile. */
async function showView(desk: GateDesk, stream: string): Promise<boolean> {
  const releases = desk.kernels.filter(({ state }) => isOpen(state)).map(({ release }) => release);
  const view = await serve(stream, releases);
  if (!isSame(desk.view, view)) {
    await gate.recordView.executeWithOptions({ summary: 'Record what is served' }, [
      { stream, view },
    ]);
  }
  desk.view = view;
  setCurrentDetails(gateMarkdown(desk));
  return view.kind === 'served';
}

async function serve(stream: string, releases: readonly string[]): Promise<GateView> {
  const newest = releases.at(-1) ?? 'no kernel';
  try {
    const served = await gateView.serveView.executeWithOptions(
      { summary: toSummary(`List upstream's packages with kernels up to ${newest}`) },
      [{ stream, releases }],
    );
    return { kind: 'served', ...served, at: new Date().toISOString() };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { kind: 'failed', reason: describeFailure(error), at: new Date().toISOString() };
  }
}

function isSame(before: GateView | undefined, now: GateView): boolean {
  if (before?.kind === 'served' && now.kind === 'served') return before.snapshot === now.snapshot;
  return before?.kind === 'failed' && now.kind === 'failed' && before.reason === now.reason;
}
