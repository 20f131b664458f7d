import { flavoursOf } from './kernel-releases.ts';
import { offeredAt } from './mirror-state.ts';
import { evrOf, type MonthEvent } from './month-events.ts';
import { MONTH_STREAMS } from './month-streams.ts';

/**
 * So long stays what is remembered of a kernel that is gone: `keep.gone`, `upkeep.kernels` and the pauses of the upkeep
 * are a minute together in `month-world.ts`, and a poll takes between one and two seconds.
 */
const RETAINED_POLLS = 36;

/**
 * Counts the kernels, in all their flavours, that rekmod may have records of by the script alone: those that a vendor
 * offers at a poll, and those that it offered lately. On a mirror that keeps all of them they become more.
 */
export function countRetained(events: readonly MonthEvent[], poll: number): number {
  let count = 0;
  for (const { name } of MONTH_STREAMS) {
    const offered = new Set<string>();
    for (let one = Math.max(0, poll - RETAINED_POLLS); one <= poll; one++) {
      for (const { kernel } of offeredAt(events, name, one)) offered.add(evrOf(kernel));
    }
    count += offered.size * flavoursOf(name).length;
  }
  return count;
}
