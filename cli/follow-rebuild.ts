import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { RekmodError } from '../model/errors.ts';
import type { RebuildInput, RebuildProgress, RebuildResult } from '../model/workflow-messages.ts';
import { describeOutcome, describeVerdict } from '../report/describe-verdict.ts';
import { progressQuery } from '../workflows/messages.ts';
import { innermostCause } from './innermost-cause.ts';

/** The workflow of one cell. */
export type RebuildHandle = WorkflowHandle<(input: RebuildInput) => Promise<RebuildResult>>;

/** A rebuild came to no end: its cell could not be planned or recorded, or a person ended it. */
export class RebuildEndedError extends RekmodError {
  readonly failureClass = 'outcome';

  constructor(kmod: string, release: string, cause: WorkflowFailedError) {
    super(`Cannot rebuild "${kmod}" for ${release}: ${innermostCause(cause).message}`, { cause });
  }
}

const POLL_MS = 500;

const STEP_WORDS: Readonly<Record<RebuildProgress['step'], string>> = {
  plan: 'comparing the kABI with what it imports',
  prepare: 'preparing the buildroot',
  build: 'building',
  verify: 'verifying',
  load: 'loading the modules in the real kernel',
  sign: 'signing',
  publish: 'publishing',
  done: 'done',
};

/**
 * Follows a rebuild to its end and says each step as it begins.
 *
 * @throws {RebuildEndedError} If it comes to no end of its own.
 */
export async function followRebuild(
  handle: RebuildHandle,
  say: (line: string) => void,
): Promise<RebuildResult> {
  const [, kmod = '', , release = ''] = handle.workflowId.split('/');
  const prefix = `${kmod} ${release}`;
  let shown: RebuildProgress = { step: 'done' };
  let isRunning = true;
  const result = handle
    .result()
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowFailedError)) throw error;
      throw new RebuildEndedError(kmod, release, error);
    })
    .finally(() => {
      isRunning = false;
    });
  result.catch(() => undefined);
  while (isRunning) {
    const progress = await handle.query(progressQuery).catch(() => shown);
    if (progress.verdict && !shown.verdict) say(`${prefix}: ${describeVerdict(progress.verdict)}`);
    if (progress.step !== shown.step && progress.step !== 'done') {
      say(`${prefix}: ${STEP_WORDS[progress.step]} …`);
    }
    shown = progress;
    await Promise.race([delay(POLL_MS), result.catch(() => undefined)]);
  }
  return await result;
}

/** Temporal wraps what our own code said in layers of its own. */
/** One line for the end of a rebuild. */
export function describeResult({ kmod, release, verdict, outcome }: RebuildResult): string {
  const why = outcome.kind === 'kept' ? describeVerdict(verdict) : describeOutcome(outcome);
  return `${kmod} ${release}: ${why}`;
}
