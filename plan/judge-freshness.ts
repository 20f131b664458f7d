import type { Freshness } from '../model/stream-watch.ts';

/** What freshness is judged by; moments are ISO 8601 in UTC. */
export interface FreshnessFacts {
  readonly now: string;
  /** The last look that succeeded. */
  readonly lastGoodAt?: string | undefined;
  /** The first look that failed after that one, or ever. */
  readonly failingSince?: string | undefined;
  readonly staleAfterMs: number;
}

/**
 * Judges how fresh is what is known of a source: it is stale once no look has succeeded for too long, whether looks
 * fail or none is made. Before any look there is nothing to judge.
 */
export function judgeFreshness(facts: FreshnessFacts): Freshness {
  const { now, lastGoodAt, staleAfterMs } = facts;
  const from = lastGoodAt ?? facts.failingSince;
  const staleSince =
    from === undefined ? undefined : new Date(Date.parse(from) + staleAfterMs).toISOString();
  return {
    staleAfterMs,
    ...(lastGoodAt === undefined ? {} : { lastGoodAt }),
    ...(staleSince === undefined || staleSince > now ? {} : { staleSince }),
  };
}
