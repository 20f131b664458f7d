import { offeredAt } from './mirror-state.ts';
import { evrOf, type MonthEvent, type ScriptedKernel } from './month-events.ts';

/** So many may leave a mirror of a flavour at once without a newer one in their place: `maxLost` by default. */
const BELIEVED_LOSS = 1;

/**
 * Finds the kernels that a vendor took away and whose loss no look believes by itself: more than one, and nothing newer
 * came with it or since. They are in quarantine until it comes (decision 0022); what clients see stays until then.
 */
export function findDoubted(
  events: readonly MonthEvent[],
  stream: string,
  poll: number,
): readonly ScriptedKernel[] {
  const last = events.findLast(
    (event) =>
      event.atPoll <= poll &&
      ((event.kind === 'release' && event.kernel.stream === stream) ||
        (event.kind === 'clear-out' && event.stream === stream)),
  );
  if (last?.kind !== 'clear-out') return [];
  const rest = offeredAt(events, stream, last.atPoll).map(({ kernel }) => evrOf(kernel));
  const lost = offeredAt(events, stream, last.atPoll - 1)
    .map(({ kernel }) => kernel)
    .filter((kernel) => !rest.includes(evrOf(kernel)));
  return lost.length > BELIEVED_LOSS ? lost : [];
}
