import { judgeView } from './judge-view.ts';
import { indexKernels } from './kernel-releases.ts';
import { faultAt, offeredAt } from './mirror-state.ts';
import { evrOf, type MonthEvent } from './month-events.ts';
import { MONTH_STREAMS } from './month-streams.ts';
import { readView } from './read-view.ts';

/** A client of all gated repositories, that looks at every poll. */
export interface ViewObserver {
  /** How many times it saw a repository. */
  readonly seenCount: number;
  readonly violations: readonly string[];
  look(poll: number): Promise<void>;
}

/**
 * So many polls old may be what rekmod knows of upstream: as long as its looks fail, and a few polls for
 * writing the repository.
 */
const LAG_POLLS = 3;

/** Watches what clients see. */
export function observeViews(
  events: readonly MonthEvent[],
  repositoryUrl: (name: string) => string,
): ViewObserver {
  const before = new Map<string, ReadonlySet<string>>();
  const violations: string[] = [];
  const kernels = [...indexKernels(events).values()];
  let seenCount = 0;

  async function lookAt(stream: string, poll: number): Promise<void> {
    const packages = await readView(repositoryUrl(`${stream}-gated`));
    if (!packages) return;
    seenCount += 1;
    const lately = listLately(events, stream, poll);
    const offers = lately.map(
      (one) => new Set(offeredAt(events, stream, one).map(({ kernel }) => evrOf(kernel))),
    );
    const judged = judgeView({
      packages,
      before: before.get(stream) ?? new Set(),
      kernels: kernels.filter(({ kernel }) => kernel.stream === stream),
      isOffered: ({ kernel }) => offers.some((offer) => offer.has(evrOf(kernel))),
      isSteady: ({ kernel }) => offers.every((offer) => offer.has(evrOf(kernel))),
    });
    before.set(stream, judged.visible);
    violations.push(...judged.violations.map((text) => `poll ${poll}, ${stream}: ${text}`));
  }

  return {
    get seenCount() {
      return seenCount;
    },
    violations,
    async look(poll) {
      for (const { name } of MONTH_STREAMS) {
        try {
          await lookAt(name, poll);
        } catch (error) {
          violations.push(`poll ${poll}, ${name}: ${String(error)}`);
        }
      }
    },
  };
}

/** The polls whose states may be what rekmod knows: a few on which the mirror could be read. */
function listLately(
  events: readonly MonthEvent[],
  stream: string,
  poll: number,
): readonly number[] {
  const lately: number[] = [];
  for (let one = poll, good = 0; one >= 0 && good <= LAG_POLLS; one--) {
    lately.push(one);
    if (!faultAt(events, stream, one)) good += 1;
  }
  return lately;
}
