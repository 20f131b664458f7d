import type { Pace } from '../model/workflow-messages.ts';

/** How many rebuilds are at work. */
export interface WindowRule {
  /** One more than there are builders. */
  readonly least: number;
  readonly most: number;
}

/** The last few tell what the next will be like. */
const PACE_COUNT = 16;
const SHORTEST_BUILD_MS = 10;

/**
 * Chooses how many rebuilds run at once so that no builder idles while others are verified, signed and
 * published: by Little's law as many as builders times the whole over the build. Of builds of minutes it is
 * one more than there are builders, so that what a person triggers meanwhile does not stand behind
 * a long queue; of builds of milliseconds it is many, and a snapshot takes many packages.
 *
 * @param paces Of the last rebuilds, see {@link addPace}.
 */
export function chooseWindow(paces: readonly Pace[], { least, most }: WindowRule): number {
  if (paces.length === 0) return least;
  const sum = (index: 0 | 1): number => paces.reduce((total, pace) => total + pace[index], 0);
  const ratio = sum(0) / Math.max(sum(1), SHORTEST_BUILD_MS * paces.length);
  return Math.min(Math.max(least, most), Math.max(least, Math.ceil((least - 1) * ratio)));
}

/** Adds the pace of one more rebuild to those of the last. */
export function addPace(paces: readonly Pace[], pace: Pace): readonly Pace[] {
  return [...paces, pace].slice(-PACE_COUNT);
}
