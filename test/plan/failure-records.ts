import type { CellOutcome, CellRecord } from '../../model/cell.ts';
import { updateMemory } from '../../plan/failure-memory.ts';
import { publishedOf, SOURCE } from '../support/plan-facts.ts';

/** The moment of the hour, e.g. `2026-11-23T07:00:00.000Z`. */
export function hour(hours: number): string {
  return new Date(Date.UTC(2026, 10, 23, hours)).toISOString();
}

/** The record of a cell of jool that ended at an hour, of the same source everywhere. */
export function recordOf(
  release: string,
  hours: number,
  outcome: CellOutcome,
  sourceDigest: string = SOURCE,
): CellRecord {
  const made = { sourceDigest, inputDigest: `input of ${release}`, toolchain: 'image-1' };
  const failure = updateMemory(undefined, { outcome, ...made }, hour(hours));
  return {
    ...{ stream: 'lab', kmod: 'jool', release, arch: 'x86_64' },
    verdict: { kind: 'rebuild', why: 'never-built' },
    outcome,
    planned: { sourceDigest, inputDigest: made.inputDigest },
    ...(failure ? { failure } : {}),
    ...(outcome.kind === 'published' ? { lastBuild: outcome } : {}),
    updatedAt: hour(hours),
    ...{ workflowId: 'w', runId: 'r' },
  };
}

export const FAILED: Extract<CellOutcome, { readonly kind: 'failed' }> = {
  ...{ kind: 'failed', step: 'build', reason: 'x.c:1: error: no', durationMs: 1, why: 'exit' },
};

export const PUBLISHED = publishedOf({ sha256: '0', sizeBytes: 1, moduleCount: 1 });
