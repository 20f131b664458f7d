import type { KnownKernel } from './expected-builds.ts';
import { flavoursOf, releaseOf } from './kernel-releases.ts';
import { faultAt, listedBy, offeredAt } from './mirror-state.ts';
import { evrOf, type MonthEvent, type ScriptedKernel } from './month-events.ts';
import { MONTH_STREAMS } from './month-streams.ts';

/** How long a kernel could be taken from its mirror. */
export interface Offer {
  readonly known: KnownKernel;
  /** Polls with the kernel and its kernel-devel on a mirror that works, among the newest that are kept built. */
  readonly takeablePolls: number;
  /** Polls on which the mirror lists it, whatever else was wrong. */
  readonly listedPolls: number;
}

/** Tells for each kernel of the script how long it could be taken. */
export function countOffers(events: readonly MonthEvent[], polls: number): readonly Offer[] {
  return MONTH_STREAMS.flatMap(({ name, keepKernels }) => {
    const takeable = new Map<string, number>();
    const listed = new Map<string, number>();
    for (let poll = 0; poll < polls; poll++) {
      const fault = faultAt(events, name, poll);
      const state = listedBy(offeredAt(events, name, poll), fault);
      for (const { kernel } of state) add(listed, evrOf(kernel));
      if (fault) continue;
      const ready = state.filter(({ hasDevel }) => hasDevel).slice(-keepKernels);
      for (const { kernel } of ready) add(takeable, evrOf(kernel));
    }
    return listKernels(events, name).flatMap((kernel) =>
      flavoursOf(name).map((flavour) => ({
        known: { kernel, flavour },
        takeablePolls: takeable.get(evrOf(kernel)) ?? 0,
        listedPolls: listed.get(evrOf(kernel)) ?? 0,
      })),
    );
  });
}

/** A kernel is missed that could be taken for longer than this. */
export const PATIENCE_POLLS = 2;

/** What rekmod says of the kernels of the script. */
export interface Testimony {
  /** Whether it has taken the kernel, and its rollout came to an end. */
  readonly isDone: (known: KnownKernel) => boolean;
  /** Why it did not take a kernel, in its own words; undefined if it never said a word. */
  readonly explain: (known: KnownKernel) => string | undefined;
}

/** Kernels that rekmod did not bring to an end. */
export interface MissedKernels {
  /** Those that it should have, as `el 5.14.0-601.el9.x86_64`. */
  readonly missed: readonly string[];
  /** Those that it need not have, and says nothing about. */
  readonly unexplained: readonly string[];
  /** Those that it need not have, with its reason. */
  readonly skipped: readonly string[];
}

/** Finds kernels that were lost: without a rollout though there was time enough, or without a word about why not. */
export function findMissed(offers: readonly Offer[], testimony: Testimony): MissedKernels {
  const undone = offers.filter(({ known }) => !testimony.isDone(known));
  const late = undone.filter(({ takeablePolls }) => takeablePolls > PATIENCE_POLLS);
  const rest = undone.filter(
    (offer) => !late.includes(offer) && offer.listedPolls > PATIENCE_POLLS,
  );
  const reasoned = rest.map(({ known }) => ({ known, why: testimony.explain(known) }));
  return {
    missed: late.map(({ known }) => nameKernel(known)),
    unexplained: reasoned.flatMap(({ known, why }) =>
      why === undefined ? [nameKernel(known)] : [],
    ),
    skipped: reasoned.flatMap(({ known, why }) =>
      why === undefined ? [] : [`${nameKernel(known)}: ${why}`],
    ),
  };
}

/** E.g. `el 5.14.0-601.el9.x86_64`. */
export function nameKernel(known: KnownKernel): string {
  return `${known.kernel.stream} ${releaseOf(known)}`;
}

function listKernels(events: readonly MonthEvent[], stream: string): readonly ScriptedKernel[] {
  return events.flatMap((event) =>
    event.kind === 'release' && event.kernel.stream === stream ? [event.kernel] : [],
  );
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
