import type { CellRecord } from '../model/cell.ts';
import type { SourceDigests } from '../model/source-digests.ts';
import type { Sha256Hex } from '../model/store.ts';

/** What is known of a cell when the source of its kmod is looked at. */
export interface SourceFacts {
  readonly sourceDigest: Sha256Hex;
  /** Absent when only that the source is the one of the last look is known. */
  readonly inputDigest?: Sha256Hex;
  /** Absent as long as no rollout has dealt with the cell. */
  readonly record?: Pick<CellRecord, 'outcome' | 'planned' | 'lastBuild'>;
  /** Out of the kmod's kernel range, or frozen. */
  readonly isExcluded: boolean;
  /** The input for which a rollout was started already. */
  readonly handedOn?: Sha256Hex;
}

/** Whether a source is worth a look at a cell, and why not otherwise. */
export type SourceVerdict =
  | { readonly kind: 'rebuild'; readonly why: 'new-source' | 'builder-changed' | 'never-read' }
  | {
      readonly kind: 'skip';
      readonly why: 'excluded' | 'not-rolled-out' | 'handed-on' | 'built' | 'failed-before';
    };

/**
 * Decides whether the source of a kmod, as it is now, makes a rebuild for one kernel worth while. What
 * failed of this very source in this very builder is not tried again: it would fail again.
 *
 * The rollout that follows judges the cell anew, so it builds nothing that need not be built.
 */
export function judgeSource(facts: SourceFacts): SourceVerdict {
  const { sourceDigest, inputDigest, record, isExcluded, handedOn } = facts;
  if (isExcluded) return { kind: 'skip', why: 'excluded' };
  // The watch of the stream starts that rollout, and it reads the newest source.
  if (!record) return { kind: 'skip', why: 'not-rolled-out' };
  if (inputDigest !== undefined && handedOn === inputDigest) {
    return { kind: 'skip', why: 'handed-on' };
  }
  const last = findLast(record);
  if (!last) return { kind: 'rebuild', why: 'never-read' };
  if (last.sourceDigest !== sourceDigest) return { kind: 'rebuild', why: 'new-source' };
  if (record.outcome.kind !== 'failed') return { kind: 'skip', why: 'built' };
  const isOtherInput = inputDigest !== undefined && last.inputDigest !== inputDigest;
  return isOtherInput
    ? { kind: 'rebuild', why: 'builder-changed' }
    : { kind: 'skip', why: 'failed-before' };
}

/** What the cell was planned of last; cells of earlier versions tell it of builds alone. */
function findLast({
  planned,
  outcome,
  lastBuild,
}: NonNullable<SourceFacts['record']>): SourceDigests | undefined {
  if (planned) return planned;
  return outcome.kind === 'published' ? lastBuild?.build : undefined;
}
