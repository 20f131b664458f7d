import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { CellOutcome } from '../model/cell.ts';
import type {
  RolloutInput,
  RolloutPart,
  RolloutProgress,
  RolloutResult,
} from '../model/workflow-messages.ts';
import { handOver, outcomes } from './activity-proxies.ts';
import { resumeSignal } from './messages.ts';
import { beginPass, buildCells, type Endings, type Pass, resumePass } from './rollout-pass.ts';
import { setAttributes } from './search-attributes.ts';
import { takeOptions } from './take-options.ts';
import { tellGate } from './tell-gate.ts';

/** What is to be gone through again, as others have told. */
interface Waiting {
  readonly dependantsOf: Set<string>;
  readonly newSourcesOf: Set<string>;
}

/**
 * Brings one kernel to its end: plan all cells, prepare one buildroot, rebuild what must be rebuilt
 * in waves, a bounded number at once. One kmod that fails holds up only those that need it; they are
 * built when it was healed by itself (signal `resume`). A rollout of thousands goes on in further runs.
 */
export async function rolloutKernel(given: RolloutInput): Promise<RolloutResult> {
  const input = takeOptions(given);
  const { progress } = input;
  const waiting = collectResumptions(input);
  if (!progress) await awaitBefore(input);
  const all: Endings = new Map(progress?.all);
  let pass = progress
    ? resumePass(input, progress)
    : await beginPass(input, takeFirst(input, waiting));
  for (;;) {
    await endPass(input, pass, { all, waiting });
    if (waiting.dependantsOf.size + waiting.newSourcesOf.size === 0) break;
    pass = await beginPass(input, takePart(waiting));
  }
  const result = summarize(input, all);
  setAttributes({ outcome: result.failedCount > 0 ? 'failed' : 'done' }, input.options);
  return result;
}

function collectResumptions({ dependantsOf, newSourcesOf }: RolloutInput): Waiting {
  const waiting = { dependantsOf: new Set(dependantsOf), newSourcesOf: new Set(newSourcesOf) };
  setHandler(resumeSignal, ({ kmod, newSourcesOf: renewed = [] }) => {
    if (kmod !== undefined) waiting.dependantsOf.add(kmod);
    for (const name of renewed) waiting.newSourcesOf.add(name);
  });
  return waiting;
}

async function awaitBefore({ after, afterRun }: RolloutInput): Promise<void> {
  if (after === undefined) return;
  await handOver.awaitEnd.executeWithOptions(
    { summary: `Wait for ${after}: what it builds may serve this kernel as well` },
    [{ workflowId: after, ...(afterRun === undefined ? {} : { runId: afterRun }) }],
  );
}

/** A rollout begins with all cells, unless it was started for a part of them. */
function takeFirst(
  { dependantsOf, newSourcesOf }: RolloutInput,
  waiting: Waiting,
): RolloutPart | undefined {
  return (dependantsOf ?? newSourcesOf) ? takePart(waiting) : undefined;
}

function takePart({ dependantsOf, newSourcesOf }: Waiting): RolloutPart {
  const part = { dependantsOf: [...dependantsOf], newSourcesOf: [...newSourcesOf] };
  dependantsOf.clear();
  newSourcesOf.clear();
  return part;
}

/** Builds what a pass has left, and records that it is over; where the history is too long, another run does. */
async function endPass(
  input: RolloutInput,
  pass: Pass,
  { all, waiting }: { readonly all: Endings; readonly waiting: Waiting },
): Promise<void> {
  const { stream, release, options } = input;
  const isOver = await buildCells(input, pass);
  if (!isOver) await goOn(input, toProgress(pass, all), waiting);
  for (const [kmod, ending] of pass.ended) all.set(kmod, ending);
  if (!pass.part) {
    await outcomes.recordRollout.executeWithOptions({ summary: `Record that ${release} is done` }, [
      { stream, release, kmods: [...pass.ended.keys()] },
    ]);
  }
  await tellGate(stream, options);
}

/** No rebuild is running now: they would end with their parent. */
async function goOn(
  input: RolloutInput,
  progress: RolloutProgress,
  { dependantsOf, newSourcesOf }: Waiting,
): Promise<never> {
  return await continueAsNew<typeof rolloutKernel>({
    ...input,
    dependantsOf: [...dependantsOf],
    newSourcesOf: [...newSourcesOf],
    progress,
  });
}

function toProgress(
  { plan, part, left, ended, buildroot, paces }: Pass,
  all: Endings,
): RolloutProgress {
  if (!buildroot) throw new Error('BUG: cells are left without a buildroot');
  const state = { plan, left, ended: [...ended], all: [...all], buildroot, paces };
  return part ? { ...state, part } : state;
}

function summarize({ stream, release }: RolloutInput, ended: Endings): RolloutResult {
  const kinds = [...ended.values()].map((ending) => ending.kind);
  const count = (...wanted: readonly CellOutcome['kind'][]): number =>
    kinds.filter((kind) => wanted.includes(kind)).length;
  return {
    stream,
    release,
    builtCount: count('published'),
    keptCount: count('kept', 'excluded'),
    failedCount: count('failed', 'blocked', 'cancelled', 'deferred'),
    cells: [...ended].map(([kmod, { kind }]) => ({ kmod, outcome: kind })),
  };
}
