import type { KmodNeed } from '../model/plan.ts';
import { cleanText } from './clean-text.ts';

const MAX_LENGTH = 96;

/** Says that a kmod needs another one and from where that is known: `dahdi (its build requires kmod-dahdi-devel)`. */
export function describeNeed({ kmod, from, what = '' }: KmodNeed): string {
  const thing = cleanText(what, MAX_LENGTH);
  return `${cleanText(kmod, 64)} (${describeReason(from, thing)})`;
}

/** Says how a kmod comes to need itself: `a → b → a`. */
export function describeCycle(cycle: readonly string[]): string {
  return cycle.map((kmod) => cleanText(kmod, 64)).join(' → ');
}

function describeReason(from: KmodNeed['from'], thing: string): string {
  switch (from) {
    case 'inventory':
      return 'the configuration says so';
    case 'build-requires':
      return `its build requires ${thing}`;
    case 'requires':
      return `its package requires ${thing}`;
    case 'symbols':
      return `it imports ${thing}`;
    default:
      throw new Error(`BUG: unknown kind ${JSON.stringify(from satisfies never)}`);
  }
}
