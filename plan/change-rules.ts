import type {
  FastLaneOrder,
  Freeze,
  FreezeSubject,
  GateOrder,
  GateRules,
  Waiver,
} from '../model/gate.ts';

/** One decision of a person about a gate. */
export type RuleChange =
  | { readonly kind: 'waive'; readonly waiver: Waiver }
  | { readonly kind: 'unwaive'; readonly release: string; readonly kmod: string }
  | { readonly kind: 'freeze'; readonly freeze: Freeze }
  | { readonly kind: 'thaw'; readonly subject: FreezeSubject }
  | { readonly kind: 'order'; readonly order: GateOrder }
  | { readonly kind: 'fast-lane'; readonly order: FastLaneOrder };

/** Adds a decision to the rules; what it replaces goes. */
export function changeRules(rules: GateRules, change: RuleChange): GateRules {
  switch (change.kind) {
    case 'waive':
      return { ...rules, waivers: [...withoutWaiver(rules, change.waiver), change.waiver] };
    case 'unwaive':
      return { ...rules, waivers: withoutWaiver(rules, change) };
    case 'freeze': {
      const { freeze } = change;
      return { ...rules, freezes: [...withoutFreeze(rules, freeze.subject), freeze] };
    }
    case 'thaw':
      return { ...rules, freezes: withoutFreeze(rules, change.subject) };
    case 'order': {
      const { order } = change;
      const others = rules.orders.filter(({ release }) => release !== order.release);
      return { ...rules, orders: [...others, order] };
    }
    case 'fast-lane': {
      const { order } = change;
      const others = rules.fastLane.filter(({ release }) => release !== order.release);
      return { ...rules, fastLane: [...others, order] };
    }
    default:
      return unreachable(change);
  }
}

/** Whether two freezes are about the same thing. */
export function isSameSubject(one: FreezeSubject, other: FreezeSubject): boolean {
  if (one.kind === 'kernel') return other.kind === 'kernel' && one.release === other.release;
  if (one.kind === 'kmod') return other.kind === 'kmod' && one.kmod === other.kmod;
  return other.kind === 'stream';
}

function withoutWaiver(
  { waivers }: GateRules,
  { release, kmod }: Pick<Waiver, 'release' | 'kmod'>,
): readonly Waiver[] {
  return waivers.filter((waiver) => waiver.release !== release || waiver.kmod !== kmod);
}

function withoutFreeze({ freezes }: GateRules, subject: FreezeSubject): readonly Freeze[] {
  return freezes.filter((freeze) => !isSameSubject(freeze.subject, subject));
}

function unreachable(value: never): never {
  throw new Error(`BUG: unknown kind ${JSON.stringify(value)}`);
}
