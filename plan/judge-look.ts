import type { Kernel } from '../model/kernel.ts';
import type { LookedKernel, LookJudgement } from '../model/stream-watch.ts';
import { compareEvr, formatEvr } from '../rpm/evr.ts';

/** What a look is judged by. */
export interface LookFacts {
  /** What the last accepted look offered; absent before the first, or when the configuration changed. */
  readonly before?: readonly LookedKernel[];
  readonly now: readonly LookedKernel[];
  /** Repositories whose metadata is older than that of the last accepted look. */
  readonly older: readonly string[];
  /** How many kernels of a flavour a look may lose without a newer one in their place. */
  readonly maxLost: number;
}

/**
 * Judges whether a look may be believed.
 *
 * A kernel that is not offered any more was replaced if a kernel of its flavour is offered that is newer than all
 * before: upstream went on, as repositories do which keep only the newest kernel, or which move to another point
 * release. What is lost without that is withdrawn; more than `maxLost` of a flavour at once, or all of it, is no
 * withdrawal but a mirror, a compose or a crawl that went wrong. Where metadata went back in time, nothing may be
 * lost at all.
 */
export function judgeLook(facts: LookFacts): LookJudgement {
  const { before = [], older, maxLost } = facts;
  const lost = findLost(before, facts.now);
  if (older.length > 0 && lost.length > 0) {
    const detail = `its metadata is older than what was accepted, and lacks ${nameAll(lost)}`;
    return { kind: 'stale', lost, sentence: `${older.join(', ')} went back in time: ${detail}` };
  }
  const sentences = flavoursOf(before).flatMap((flavour) => {
    const isOwn = (kernel: LookedKernel): boolean => kernel.flavour === flavour;
    const rest = facts.now.filter(isOwn);
    const gone = lost.filter(isOwn);
    if (gone.length === 0) return [];
    if (rest.length === 0)
      return [`all kernels of flavour "${flavour}" vanished: ${nameAll(gone)}`];
    if (isAhead(rest, before.filter(isOwn)) || gone.length <= maxLost) return [];
    const bound = `expected at most ${maxLost} without a newer one in their place`;
    return [`${gone.length} kernels of flavour "${flavour}" vanished, ${bound}: ${nameAll(gone)}`];
  });
  if (sentences.length === 0) return { kind: 'accepted', lost };
  return { kind: 'quarantined', lost, sentence: sentences.join('; ') };
}

/**
 * Tells whether one revision of `repomd.xml` is older than another. Only numbers can be compared: createrepo_c writes
 * the time, others write free text.
 */
export function isOlderRevision(revision: string, accepted: string | undefined): boolean {
  if (accepted === undefined || !NUMBER.test(revision) || !NUMBER.test(accepted)) return false;
  return Number(revision) < Number(accepted);
}

const NUMBER = /^[0-9]{1,16}$/;

/**
 * Finds the known kernels that upstream took back: they are not offered, and all that is offered of their flavour is
 * older. One that is merely old was replaced.
 *
 * @returns Of `known`, in its order.
 */
export function findWithdrawn<T extends Pick<Kernel, 'flavour' | 'evr'>>(
  known: readonly T[],
  offered: readonly LookedKernel[],
): readonly T[] {
  const names = new Set(offered.map(nameLooked));
  return known.filter((kernel) => {
    const others = offered.filter(({ flavour }) => flavour === kernel.flavour);
    return !names.has(nameLooked(kernel)) && !isAhead(others, [kernel]);
  });
}

/** Names a kernel of a stream, e.g. `default 5.14.0-611.el9`. */
export function nameLooked({ flavour, evr }: LookedKernel): string {
  return `${flavour} ${formatEvr(evr)}`;
}

function findLost(
  before: readonly LookedKernel[],
  now: readonly LookedKernel[],
): readonly LookedKernel[] {
  const names = new Set(now.map(nameLooked));
  return before.filter((kernel) => !names.has(nameLooked(kernel)));
}

/** Whether one of the kernels is newer than all others. */
function isAhead(kernels: readonly LookedKernel[], others: readonly LookedKernel[]): boolean {
  return kernels.some((kernel) => others.every((other) => compareEvr(kernel.evr, other.evr) > 0));
}

function flavoursOf(kernels: readonly LookedKernel[]): readonly string[] {
  return [...new Set(kernels.map(({ flavour }) => flavour))];
}

const NAMED_LIMIT = 5;

function nameAll(kernels: readonly LookedKernel[]): string {
  const names = kernels.slice(0, NAMED_LIMIT).map(({ evr }) => formatEvr(evr));
  const rest = kernels.length - names.length;
  return `${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
