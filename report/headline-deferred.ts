import type { Deferral } from '../model/failure-memory.ts';
import { cleanText } from './clean-text.ts';
import { formatMoment } from './format-values.ts';
import type { HeadlineWords } from './headline-words.ts';

/**
 * Says in everyday words why a kmod is not compiled now, e.g. `jool is not compiled for kernel 6.12.117 now, because that
 * failed on 2026-11-23 06:00 UTC and nothing has changed since; …`.
 */
export function headlineOfDeferred(
  deferral: Deferral,
  { kmod, kernel, again }: HeadlineWords,
): string {
  const begin = `${kmod} is not compiled for ${kernel} now, because`;
  switch (deferral.why) {
    case 'failed-before': {
      const [failedAt, retryAt] = [deferral.failedAt, deferral.retryAt].map(formatMoment);
      return `${begin} that failed on ${failedAt} and nothing has changed since; rekmod tries it again after ${retryAt}, or as soon as the ${kmod} source changes; to have it tried now, ${again}.`;
    }
    case 'circuit-open': {
      const last = cleanText(deferral.release, 64);
      return `${begin} it failed for ${deferral.failureCount} kernels in a row, for ${last} last; rekmod waits for a corrected ${kmod} source or a success on the newest kernel; to have it tried now, ${again}.`;
    }
    case 'over-budget':
      return `${begin} more urgent ones take all the time that one rollout is given; rekmod does it later by itself.`;
  }
}
