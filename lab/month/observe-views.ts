import { findDoubted } from './find-doubted.ts';
import { judgeView } from './judge-view.ts';
import { indexKernels } from './kernel-releases.ts';
import { faultAt, offeredAt } from './mirror-state.ts';
import { evrOf, type MonthEvent, type ScriptedKernel } from './month-events.ts';
import { MONTH_STREAMS } from './month-streams.ts';
import { readView } from './read-view.ts';

/** A client of all gated repositories, that looks at every poll. */
export interface ViewObserver {
  /** How many times it saw a repository. */
  readonly seenCount: number;
  readonly violations: readonly string[];
  /** What stayed visible because a look was not believed, with what rekmod said of it. */
  readonly held: readonly string[];
  look(poll: number): Promise<void>;
}

/** How clients of a month are made. */
export interface ViewOptions {
  readonly events: readonly MonthEvent[];
  /** Of a repository. */
  readonly urlOf: (name: string) => string;
  /** The last thing that rekmod said of a stream's looks in which all of these occur. */
  readonly findSaid: (stream: string, ...texts: readonly string[]) => string | undefined;
}

/**
 * So many polls old may be what rekmod knows of upstream: as long as its looks fail or are not believed, and a few
 * polls for writing the repository.
 */
const LAG_POLLS = 3;

/** Watches what clients see. */
export function observeViews({ events, urlOf, findSaid }: ViewOptions): ViewObserver {
  const before = new Map<string, ReadonlySet<string>>();
  const violations: string[] = [];
  const held = new Set<string>();
  const kernels = [...indexKernels(events).values()];
  let seenCount = 0;

  async function lookAt(stream: string, poll: number): Promise<void> {
    const packages = await readView(urlOf(`${stream}-gated`));
    if (!packages) return;
    seenCount += 1;
    const isRead = (one: number): boolean => !faultAt(events, stream, one);
    const lately = listLately(poll, isRead);
    const offers = lately.map(
      (one) => new Set(offeredAt(events, stream, one).map(({ kernel }) => evrOf(kernel))),
    );
    const judged = judgeView({
      packages,
      before: before.get(stream) ?? new Set(),
      kernels: kernels.filter(({ kernel }) => kernel.stream === stream),
      isOffered: ({ kernel }) =>
        offers.some((offer) => offer.has(evrOf(kernel))) || isHeld(kernel, poll),
      isSteady: ({ kernel }) => offers.every((offer) => offer.has(evrOf(kernel))),
    });
    before.set(stream, judged.visible);
    violations.push(...judged.violations.map((text) => `poll ${poll}, ${stream}: ${text}`));
  }

  /** Whether a kernel may be visible because its loss is not believed, which rekmod must have said. */
  function isHeld(kernel: ScriptedKernel, poll: number): boolean {
    const { stream } = kernel;
    const isBelieved = (one: number): boolean =>
      !faultAt(events, stream, one) && findDoubted(events, stream, one).length === 0;
    for (const one of listLately(poll, isBelieved)) {
      const lost = findDoubted(events, stream, one).map(evrOf);
      const [oldest] = lost;
      if (oldest === undefined || !lost.includes(evrOf(kernel))) continue;
      const said = findSaid(stream, 'vanished', oldest);
      if (said === undefined) return false;
      held.add(`${stream} ${evrOf(kernel)}: ${said}`);
      return true;
    }
    return false;
  }

  return {
    get seenCount() {
      return seenCount;
    },
    violations,
    get held() {
      return [...held];
    },
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

/** The polls whose states may be what rekmod knows: a few good ones, and all between them. */
function listLately(poll: number, isGood: (poll: number) => boolean): readonly number[] {
  const lately: number[] = [];
  for (let one = poll, good = 0; one >= 0 && good <= LAG_POLLS; one--) {
    lately.push(one);
    if (isGood(one)) good += 1;
  }
  return lately;
}
