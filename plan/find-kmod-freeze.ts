import type { GateRules } from '../model/gate.ts';

/**
 * Says who froze a kmod and why, e.g. `by ada: its new version loses data`; undefined if nobody did.
 *
 * @param rules As the gate recorded them: it forgets freezes when they end.
 */
export function findKmodFreeze({ freezes }: GateRules, kmod: string): string | undefined {
  const found = freezes.find(({ subject }) => subject.kind === 'kmod' && subject.kmod === kmod);
  if (!found) return undefined;
  const end = found.until === undefined ? '' : ` until ${found.until}`;
  return `by ${found.by}${end}: ${found.why}`;
}
