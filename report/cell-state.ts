import type { CellOutcome } from '../model/cell.ts';
import type { CellState } from '../model/cell-state.ts';
import { CELL_STATES, type CellCounts } from '../model/status.ts';
import { needsBuild, type Verdict } from '../model/verdict.ts';

/** How a state looks in a matrix. */
export interface StateLook {
  readonly word: string;
  readonly glyph: string;
  /** The same in plain ASCII, for terminals and logs that have nothing else. */
  readonly ascii: string;
  readonly meaning: string;
}

/** How every state looks; words, glyphs and ASCII forms are all different. */
export const STATE_LOOKS: Readonly<Record<CellState, StateLook>> = {
  kept: { word: 'kept', glyph: '✔', ascii: '=', meaning: 'published modules fit as they are' },
  built: { word: 'built', glyph: '●', ascii: '+', meaning: 'built for this kernel and published' },
  withheld: { word: 'withheld', glyph: '⊖', ascii: '<', meaning: 'taken away by a rollback' },
  running: { word: 'running', glyph: '◐', ascii: '>', meaning: 'being worked on' },
  waiting: { word: 'waiting', glyph: '○', ascii: '.', meaning: 'to be built' },
  failed: { word: 'failed', glyph: '✘', ascii: 'X', meaning: 'could not be built' },
  blocked: { word: 'blocked', glyph: '⊘', ascii: '!', meaning: 'a kmod that it needs failed' },
  excluded: { word: 'excluded', glyph: '–', ascii: '-', meaning: "out of the kmod's kernel range" },
  cancelled: { word: 'cancelled', glyph: '⊗', ascii: '~', meaning: 'stopped by hand' },
  unknown: { word: 'unknown', glyph: '·', ascii: '?', meaning: 'not looked at yet' },
};

/** What is known of a cell. */
export interface CellFacts {
  readonly verdict?: Verdict | undefined;
  readonly outcome?: CellOutcome | undefined;
  readonly phase?: 'running' | 'queued' | undefined;
  /** A rollback took away what it is served by. */
  readonly isWithheld?: boolean;
}

/** How a cell stands: work in hand first, then how the last work ended, then what is planned. */
export function findCellState({ verdict, outcome, phase, isWithheld }: CellFacts): CellState {
  if (phase === 'running') return 'running';
  if (phase === 'queued') return 'waiting';
  if (isWithheld) return 'withheld';
  if (outcome?.kind === 'published') return 'built';
  if (outcome?.kind === 'deferred') return 'waiting';
  if (outcome !== undefined) return outcome.kind;
  if (verdict === undefined) return 'unknown';
  if (needsBuild(verdict)) return 'waiting';
  return verdict.kind === 'excluded' || verdict.kind === 'blocked' ? verdict.kind : 'kept';
}

/** Counts states; every state has an entry. */
export function countStates(states: readonly CellState[]): CellCounts {
  const count = (state: CellState) => states.filter((one) => one === state).length;
  return {
    kept: count('kept'),
    built: count('built'),
    withheld: count('withheld'),
    running: count('running'),
    waiting: count('waiting'),
    failed: count('failed'),
    blocked: count('blocked'),
    excluded: count('excluded'),
    cancelled: count('cancelled'),
    unknown: count('unknown'),
  };
}

/** Counts in words without those that are none, e.g. `5 built, 1 failed`; empty for none at all. */
export function describeCounts(counts: CellCounts): string {
  return CELL_STATES.filter((state) => counts[state] > 0)
    .map((state) => `${counts[state]} ${STATE_LOOKS[state].word}`)
    .join(', ');
}
