import type { CellOutcome, CellRecord } from '../model/cell.ts';
import type { FailureKind } from '../model/errors.ts';
import type { FailureMemory, FailureSettings } from '../model/failure-memory.ts';
import type { SourceDigests } from '../model/source-digests.ts';
import { FAILURE_POLICIES, grow } from './failure-policies.ts';

type Failed = Extract<CellOutcome, { readonly kind: 'failed' }>;

/** How the work on a cell ended, and of what it was made. */
export interface MadeEnd extends Partial<SourceDigests> {
  readonly outcome: CellOutcome;
  readonly toolchain?: string;
}

/**
 * What is remembered after some work on a cell ended. A success makes all forgotten; that nothing was built says neither
 * that it would succeed nor that it would fail.
 *
 * @param before What was remembered before it.
 * @param now ISO 8601 in UTC.
 */
export function updateMemory(
  before: FailureMemory | undefined,
  { outcome, ...made }: MadeEnd,
  now: string,
): FailureMemory | undefined {
  switch (outcome.kind) {
    case 'published':
    case 'kept':
    case 'excluded':
      return undefined;
    case 'blocked':
    case 'cancelled':
    case 'deferred':
      return before;
    case 'failed':
      return rememberFailure(before, { outcome, ...made }, now);
  }
}

function rememberFailure(
  before: FailureMemory | undefined,
  { outcome, sourceDigest, inputDigest, toolchain }: MadeEnd & { readonly outcome: Failed },
  now: string,
): FailureMemory {
  const kind = outcome.trouble ?? 'outcome';
  const isSame =
    before?.sourceDigest === sourceDigest && before && isLasting(before.kind) === isLasting(kind);
  return {
    kind,
    step: outcome.step,
    reason: outcome.reason,
    count: isSame ? before.count + 1 : 1,
    since: isSame ? before.since : now,
    failedAt: now,
    ...(sourceDigest === undefined ? {} : { sourceDigest }),
    ...(inputDigest === undefined ? {} : { inputDigest }),
    ...(toolchain === undefined ? {} : { toolchain }),
  };
}

/** Whether the same would come of it again. */
export function isLasting(kind: FailureKind): boolean {
  return FAILURE_POLICIES[kind].after === 'remembered';
}

/** What is remembered of a cell's failures; records of earlier versions tell it by their outcome alone. */
export function memoryOf(
  record: Pick<CellRecord, 'outcome' | 'failure' | 'planned' | 'updatedAt'> | undefined,
): FailureMemory | undefined {
  if (record?.failure || record?.outcome.kind !== 'failed') return record?.failure;
  const { outcome, planned, updatedAt } = record;
  const memory = rememberFailure(undefined, { outcome, ...planned }, updatedAt);
  return { ...memory, kind: outcome.trouble ?? guessKind(outcome) };
}

/** Where nobody told why: a build that ended by itself and a check that said no are the kmod's own. */
function guessKind({ step, why, exitCode }: Failed): FailureKind {
  const isOwn = step === 'verify' || step === 'load' || why !== undefined || exitCode !== undefined;
  return isOwn ? 'outcome' : 'machine';
}

/**
 * When a cell is tried again that failed, ISO 8601 in UTC; undefined where no time brings that.
 */
export function whenTriedAgain(
  { kind, count, failedAt }: FailureMemory,
  { rememberMs, retryMs, longestRetryMs }: FailureSettings,
): string | undefined {
  const isKept = isLasting(kind);
  if (isKept && rememberMs === 0) return undefined;
  const pauseMs = isKept ? rememberMs : grow(retryMs, Math.max(retryMs, longestRetryMs), count);
  return new Date(Date.parse(failedAt) + pauseMs).toISOString();
}

/** What a cell would be built from at this moment. */
export interface PresentFacts {
  /** ISO 8601 in UTC. */
  readonly now: string;
  readonly settings: FailureSettings;
  /** As far as they are known. */
  readonly sourceDigest?: string | undefined;
  readonly inputDigest?: string | undefined;
  readonly toolchain?: string | undefined;
}

/** Whether a failure says that a build now would fail as well. */
export function isRemembered(memory: FailureMemory, present: PresentFacts): boolean {
  if (!isLasting(memory.kind)) return false;
  const isOther = (['sourceDigest', 'inputDigest', 'toolchain'] as const).some(
    (key) =>
      memory[key] !== undefined && present[key] !== undefined && memory[key] !== present[key],
  );
  const again = whenTriedAgain(memory, present.settings);
  return !isOther && again !== undefined && !isReached(again, present.now);
}

/** Whether a moment has come; both ISO 8601 in UTC. */
export function isReached(moment: string, now: string): boolean {
  return Date.parse(moment) <= Date.parse(now);
}
