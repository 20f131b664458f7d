import { type Disturbance, evrOf, type MonthEvent, type ScriptedKernel } from './month-events.ts';
import { MONTH_STREAMS } from './month-streams.ts';

/** A kernel on a mirror. */
export interface OfferedKernel {
  readonly kernel: ScriptedKernel;
  /** Whether its kernel-devel is there as well. */
  readonly hasDevel: boolean;
}

/** What a mirror has at one moment, oldest kernel first. */
export type MirrorState = readonly OfferedKernel[];

/** What is wrong with a mirror at one moment. */
export interface MirrorFault {
  readonly how: Disturbance;
  /** What the mirror has of the metadata before the change that it is in the middle of. */
  readonly before: MirrorState;
}

/** The kernels that the vendor of a stream offers at a poll: what a mirror would have that is always right. */
export function offeredAt(
  events: readonly MonthEvent[],
  stream: string,
  poll: number,
): MirrorState {
  return listStates(events, stream, poll).at(-1) ?? [];
}

/**
 * What is wrong with a stream's mirror at a poll.
 *
 * @returns undefined if nothing is.
 */
export function faultAt(
  events: readonly MonthEvent[],
  stream: string,
  poll: number,
): MirrorFault | undefined {
  const found = events.find(
    (event) =>
      event.kind === 'disturbance' &&
      event.stream === stream &&
      event.atPoll <= poll &&
      poll < event.atPoll + event.polls,
  );
  if (found?.kind !== 'disturbance') return undefined;
  const states = listStates(events, stream, poll);
  return { how: found.how, before: states.at(-2) ?? [] };
}

/** What a mirror lists that was caught by a fault, where it lists another state than it should. */
export function listedBy(state: MirrorState, fault: MirrorFault | undefined): MirrorState {
  if (fault?.how === 'fallen-back') return fault.before;
  if (fault?.how === 'shrunk') return state.slice(0, 1);
  return state;
}

/** Names a state: equal states have equal names. */
export function nameState(state: MirrorState): string {
  return state.map(({ kernel, hasDevel }) => `${evrOf(kernel)}${hasDevel ? '' : '!'}`).join(' ');
}

/** Every state that a stream went through until a poll, that after each of its events. */
function listStates(
  events: readonly MonthEvent[],
  stream: string,
  poll: number,
): readonly MirrorState[] {
  const keeps = MONTH_STREAMS.find(({ name }) => name === stream)?.mirrorKeeps;
  const lags = new Map<string, number>();
  const withdrawn = new Map<string, ScriptedKernel>();
  const states: MirrorState[] = [];
  let kernels: readonly ScriptedKernel[] = [];
  for (const event of events) {
    if (event.atPoll > poll) break;
    const changed = change(event, { stream, kernels, withdrawn });
    if (!changed) continue;
    if (event.kind === 'release') lags.set(evrOf(event.kernel), event.atPoll + event.lagPolls);
    kernels = keeps === undefined ? changed : changed.slice(-keeps);
    states.push(
      kernels.map((kernel) => ({ kernel, hasDevel: (lags.get(evrOf(kernel)) ?? 0) <= poll })),
    );
  }
  return states;
}

interface Before {
  readonly stream: string;
  readonly kernels: readonly ScriptedKernel[];
  readonly withdrawn: Map<string, ScriptedKernel>;
}

/** The kernels after an event; undefined if it changes nothing on this stream's mirror. */
function change(
  event: MonthEvent,
  { stream, kernels, withdrawn }: Before,
): readonly ScriptedKernel[] | undefined {
  switch (event.kind) {
    case 'release':
      return event.kernel.stream === stream ? [...kernels, event.kernel] : undefined;
    case 'recall': {
      if (event.stream !== stream) return undefined;
      for (const kernel of kernels) {
        if (evrOf(kernel) === event.evr) withdrawn.set(event.evr, kernel);
      }
      return kernels.filter((kernel) => evrOf(kernel) !== event.evr);
    }
    case 'restore': {
      const kernel = event.stream === stream ? withdrawn.get(event.evr) : undefined;
      return kernel && [...kernels, kernel];
    }
    case 'clear-out':
      return event.stream === stream
        ? kernels.filter(({ version }) => version === event.version)
        : undefined;
    default:
      return undefined;
  }
}
