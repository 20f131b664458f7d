import type { Explanation } from '../../model/explanation.ts';
import type { CellStatus } from '../../model/status.ts';
import type { DkmsAnswer } from './packages.ts';

/** How one package ended for one kernel, in rekmod's words and by dkms alone. */
export interface CorpusOutcome {
  readonly kmod: string;
  readonly release: string;
  readonly state: CellStatus['state'];
  /** Of the build alone; absent where none was needed or begun. */
  readonly seconds?: number;
  /** Only of cells without modules: `rekmod why`, and what dkms does with the same source there. */
  readonly trouble?: { readonly explanation: Explanation; readonly dkms: DkmsAnswer };
}

/** What all of it comes to. */
export interface CorpusSummary {
  readonly modules: number;
  readonly kernels: number;
  readonly cells: number;
  readonly built: number;
  readonly kept: number;
  /** Without modules: failed, blocked, excluded. */
  readonly failed: number;
  readonly causedByRekmod: number;
}

/** Whether a cell has modules that fit its kernel. */
export function hasModules(state: CellStatus['state']): boolean {
  return state === 'built' || state === 'kept';
}

/**
 * Whether a kernel lacks a kmod because of rekmod and not because of the kmod's source: dkms must fail
 * on what failed, and must exclude what is excluded.
 */
export function isCausedByRekmod({ state, trouble }: CorpusOutcome): boolean {
  if (hasModules(state)) return false;
  return trouble?.dkms !== (state === 'excluded' ? 'excludes' : 'fails');
}

/** Counts; a kernel that a kmod is not for counts as failed, because its users have no module there. */
export function summarize(outcomes: readonly CorpusOutcome[]): CorpusSummary {
  const count = (has: (outcome: CorpusOutcome) => boolean): number => outcomes.filter(has).length;
  return {
    modules: new Set(outcomes.map(({ kmod }) => kmod)).size,
    kernels: new Set(outcomes.map(({ release }) => release)).size,
    cells: outcomes.length,
    built: count(({ state }) => state === 'built'),
    kept: count(({ state }) => state === 'kept'),
    failed: count(({ state }) => !hasModules(state)),
    causedByRekmod: count(isCausedByRekmod),
  };
}
