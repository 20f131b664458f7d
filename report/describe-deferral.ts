import type { Deferral, FailureMemory, FailureSettings } from '../model/failure-memory.ts';
import { isLasting, whenTriedAgain } from '../plan/failure-memory.ts';
import { cleanText } from './clean-text.ts';
import { formatCount, formatMoment, formatSeconds } from './format-values.ts';

const MAX_REASON_LENGTH = 160;

/**
 * Says why a cell is not built now, e.g. `failed before from the same source and toolchain on 2026-11-23 06:00 UTC
 * (x.c:1: error); tried again after 2026-11-30 06:00 UTC, or when source, toolchain or kernel changes`.
 */
export function describeDeferral(deferral: Deferral): string {
  switch (deferral.why) {
    case 'failed-before': {
      const { failedAt, retryAt, reason } = deferral;
      const when = `on ${formatMoment(failedAt)} (${shorten(reason)})`;
      const again = `tried again after ${formatMoment(retryAt)}, or when source, toolchain or kernel changes`;
      return `failed before from the same source and toolchain ${when}; ${again}`;
    }
    case 'circuit-open': {
      const { failureCount, release, reason, since } = deferral;
      const kernels = `${formatCount(failureCount, 'kernel')} in a row`;
      const last = `last for ${cleanText(release, 64)} (${shorten(reason)})`;
      return `failed for ${kernels} from this source, ${last}; not tried for older kernels since ${formatMoment(since)}, until it succeeds for the newest one, or source or toolchain changes`;
    }
    case 'over-budget': {
      const budget = formatSeconds(deferral.budgetMs / 1000);
      return `put off: one rollout is given ${budget} of builder time; a later look takes it up`;
    }
  }
}

/**
 * Says when a cell that failed is tried again by itself, e.g. `tried again by itself after 2026-11-23 06:05 UTC; 3 failures
 * since 2026-11-23 05:00 UTC`.
 */
export function describeRetry(memory: FailureMemory, settings: FailureSettings): string {
  const { count, since, kind } = memory;
  const again = whenTriedAgain(memory, settings);
  const failures =
    count > 1 ? `; ${formatCount(count, 'failure')} since ${formatMoment(since)}` : '';
  if (again === undefined) return `tried again with the next rollout of the kernel${failures}`;
  const moment = formatMoment(again);
  return isLasting(kind)
    ? `remembered until ${moment}, unless source, toolchain or kernel changes${failures}`
    : `tried again by itself after ${moment}${failures}`;
}

function shorten(reason: string): string {
  return cleanText(reason, MAX_REASON_LENGTH) || 'no reason given';
}
