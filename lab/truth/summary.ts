import {
  CLASSES,
  type Disagreement,
  type DisagreementClass,
  findDisagreements,
  isKept,
} from './disagreements.ts';
import type { Pair } from './pair.ts';

/** A pair with what rekmod and the others differ about. */
export interface ComparedPair {
  readonly pair: Pair;
  readonly disagreements: readonly Disagreement[];
}

/** The figures of a run. */
export interface Summary {
  readonly pairs: number;
  /** Kept, but the loader refuses or crashes: what must never be. */
  readonly falseKeep: number;
  /** To be rebuilt, but the loader takes it: costs time. */
  readonly falseRebuild: number;
  /** Disagreements of any kind that no class explains. */
  readonly unexplained: number;
  readonly classes: Readonly<Partial<Record<DisagreementClass, number>>>;
}

/** Compares every pair. */
export function comparePairs(pairs: readonly Pair[]): readonly ComparedPair[] {
  return pairs.map((pair) => ({ pair, disagreements: findDisagreements(pair) }));
}

/** Whether rekmod would keep what the loader does not take. */
export function isFalseKeep(pair: Pair): boolean {
  return isKept(pair) && pair.loader.kind !== 'loads';
}

/** Whether rekmod would build anew what the loader takes. */
export function isFalseRebuild(pair: Pair): boolean {
  return !isKept(pair) && pair.loader.kind === 'loads';
}

/** Counts what matters. */
export function summarize(compared: readonly ComparedPair[]): Summary {
  const pairs = compared.map(({ pair }) => pair);
  const disagreements = compared.flatMap((entry) => entry.disagreements);
  const names = Object.keys(CLASSES).filter((name) => isClass(name));
  return {
    pairs: pairs.length,
    falseKeep: pairs.filter(isFalseKeep).length,
    falseRebuild: pairs.filter(isFalseRebuild).length,
    unexplained: disagreements.filter(({ class: name }) => name === undefined).length,
    classes: Object.fromEntries(
      names.flatMap((name) => {
        const count = disagreements.filter((entry) => entry.class === name).length;
        return count === 0 ? [] : [[name, count]];
      }),
    ),
  };
}

/** The run's last line. */
export function describeSummary({ pairs, falseKeep, falseRebuild, unexplained }: Summary): string {
  return `pairs: ${pairs}, false keep: ${falseKeep}, false rebuild: ${falseRebuild}, unexplained: ${unexplained}`;
}

function isClass(name: string): name is DisagreementClass {
  return name in CLASSES;
}
