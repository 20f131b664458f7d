import type { GateRules } from '../model/gate.ts';

/**
 * Forgets what cannot matter any more: waivers and freezes that have ended, and what is said of kernels that
 * the stream does not have any more.
 *
 * @param known Releases of all kernels of the stream.
 * @param now ISO 8601 in UTC.
 */
export function pruneRules(rules: GateRules, known: readonly string[], now: string): GateRules {
  const isKnown = ({ release }: { readonly release: string }): boolean => known.includes(release);
  return {
    waivers: rules.waivers.filter((waiver) => isKnown(waiver) && now < waiver.until),
    freezes: rules.freezes.filter(
      ({ subject, until }) =>
        (until === undefined || now < until) && (subject.kind !== 'kernel' || isKnown(subject)),
    ),
    fastLane: rules.fastLane.filter(isKnown),
    orders: rules.orders.filter(
      (order, index, all) =>
        isKnown(order) && all.findLastIndex(({ release }) => release === order.release) === index,
    ),
  };
}
