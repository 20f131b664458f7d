import { setCurrentDetails } from '@temporalio/workflow';
import type { CellOutcome } from '../model/cell.ts';
import type { RebuildPlan } from '../model/plan.ts';
import type { CellEnding } from '../model/workflow-messages.ts';
import { largeRolloutMarkdown } from '../report/large-rollout-markdown.ts';
import { rolloutMarkdown } from '../report/rollout-markdown.ts';

/** Shows in the current details how far a rollout is. */
export interface RolloutDisplay {
  show(): void;
  /** A kmod is at work. */
  begin(kmod: string): void;
  /** It has ended: shown now or with others. */
  end(kmod: string, outcome: CellOutcome): void;
}

/** Writing the details anew for each of thousands of cells would be most of a rollout's work. */
const SHOWN_EVERY = 25;

/** Shows every cell of a plan, and what has become of it. */
export function displayCells(plan: RebuildPlan): RolloutDisplay {
  const ended = new Map<string, CellOutcome>();
  const show = (): void => setCurrentDetails(rolloutMarkdown(plan, ended));
  return {
    show,
    begin: () => undefined,
    end(kmod, outcome) {
      ended.set(kmod, outcome);
      show();
    },
  };
}

/** Shows numbers, failures and what is at work. */
export function displayCounts(
  release: string,
  rollout: { readonly cellCount: number; readonly ended: ReadonlyMap<string, CellEnding> },
): RolloutDisplay {
  const running = new Set<string>();
  let unshownCount = 0;
  function show(): void {
    unshownCount = 0;
    setCurrentDetails(largeRolloutMarkdown({ ...rollout, release, running }));
  }
  return {
    show,
    begin: (kmod) => running.add(kmod),
    end(kmod) {
      running.delete(kmod);
      unshownCount += 1;
      if (unshownCount >= SHOWN_EVERY) show();
    },
  };
}
