import type { CellRecord } from '../model/cell.ts';
import type { FailureSettings } from '../model/failure-memory.ts';
import { isLasting, isReached, memoryOf, whenTriedAgain } from './failure-memory.ts';
import { findOpenBreaker } from './find-open-breaker.ts';

/** What is known at a look. */
export interface DueFacts {
  /** ISO 8601 in UTC. */
  readonly now: string;
  readonly settings: FailureSettings;
  /** What would be built with; absent where that is not known. */
  readonly toolchain?: string | undefined;
}

/**
 * Finds the cells that are to be tried again because of time or toolchain: passing trouble whose pause is over, failures
 * that are forgotten, and what was put off and is not any more. New sources are found elsewhere.
 *
 * @param records Of one kmod for the kernels of one stream.
 */
export function findDue(records: readonly CellRecord[], facts: DueFacts): readonly CellRecord[] {
  return records.filter((record) => isDue(record, records, facts));
}

function isDue(record: CellRecord, records: readonly CellRecord[], facts: DueFacts): boolean {
  const { outcome, planned } = record;
  if (outcome.kind === 'deferred') {
    // What there was no time for comes to its turn with the next look.
    if (outcome.deferral.why === 'over-budget') return true;
    const sourceDigest = planned?.sourceDigest;
    const isOpen = findOpenBreaker(records, { ...facts, sourceDigest }) !== undefined;
    if (outcome.deferral.why === 'circuit-open') return !isOpen;
  }
  const memory = memoryOf(record);
  if (!memory || (outcome.kind !== 'failed' && outcome.kind !== 'deferred')) return false;
  const { toolchain } = memory;
  const isOther =
    toolchain !== undefined && facts.toolchain !== undefined && toolchain !== facts.toolchain;
  if (isOther && isLasting(memory.kind)) return true;
  const again = whenTriedAgain(memory, facts.settings);
  return again !== undefined && isReached(again, facts.now);
}
