import { type GateRecord, isOpen } from '../model/gate.ts';

/**
 * Finds the kernels whose records a gate still needs, though their stream does not offer them any more.
 *
 * Being known to the gate is no need: it knows every kernel that is remembered, and a kernel that upstream does not
 * list is in no view either. What a person said still matters if it would be lost to the wrong side when the
 * kernel comes back, or covers newer kernels: a recall, a freeze, a waiver. A kernel that was promoted or put into the fast
 * lane is held until it is decided anew, as every kernel is that comes.
 *
 * @returns Their releases, and those of all kernels that were let through while the view cannot be written: clients may
 *   see an older one.
 */
export function findGatedKernels({ kernels, rules, view }: GateRecord): ReadonlySet<string> {
  const shown = view?.kind === 'failed' ? kernels.filter(({ state }) => isOpen(state)) : [];
  const recalled = rules.orders.filter(
    ({ release, kind }, index, all) =>
      kind === 'recall' && all.findLastIndex((order) => order.release === release) === index,
  );
  const frozen = rules.freezes.flatMap(({ subject }) =>
    subject.kind === 'kernel' ? [subject] : [],
  );
  return new Set(
    [...shown, ...recalled, ...frozen, ...rules.waivers].map(({ release }) => release),
  );
}
