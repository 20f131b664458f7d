import type { CellRecord } from '../model/cell.ts';
import type { Deferral, FailureMemory } from '../model/failure-memory.ts';
import { isRemembered, memoryOf, type PresentFacts } from './failure-memory.ts';

/** Why a kmod is not built for kernels that are not the newest. */
export type OpenBreaker = Extract<Deferral, { readonly why: 'circuit-open' }>;

/**
 * Finds out whether a kmod failed for so many kernels in a row that it would fail for others too: all of the same
 * source and toolchain, none of them forgotten, and no build of that source succeeded since.
 *
 * @param records Of one kmod for kernels of one stream, in any order.
 * @param present Of the source that would be built.
 */
export function findOpenBreaker(
  records: readonly CellRecord[],
  present: Omit<PresentFacts, 'inputDigest'>,
): OpenBreaker | undefined {
  const { breakAfter } = present.settings;
  const { sourceDigest } = present;
  if (breakAfter === 0 || sourceDigest === undefined) return undefined;
  const succeededAt = records
    .filter(({ lastBuild, outcome }) => {
      return lastBuild?.build.sourceDigest === sourceDigest && outcome.kind !== 'failed';
    })
    .map(({ updatedAt }) => updatedAt)
    .sort()
    .at(-1);
  const failures = records
    .flatMap((record) => {
      const memory = memoryOf(record);
      return memory && counts(memory, present) ? [{ release: record.release, ...memory }] : [];
    })
    .filter(({ failedAt }) => succeededAt === undefined || failedAt > succeededAt)
    .sort((a, b) => (a.failedAt < b.failedAt ? -1 : 1));
  const last = failures.at(-1);
  const opened = failures[breakAfter - 1];
  if (!opened || !last) return undefined;
  return {
    why: 'circuit-open',
    since: opened.failedAt,
    failureCount: failures.length,
    release: last.release,
    reason: last.reason,
  };
}

/** Of each kernel the input is another one, so the source is what is compared. */
function counts(memory: FailureMemory, present: Omit<PresentFacts, 'inputDigest'>): boolean {
  return memory.sourceDigest === present.sourceDigest && isRemembered(memory, present);
}
