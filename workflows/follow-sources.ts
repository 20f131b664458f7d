import { setCurrentDetails, sleep } from '@temporalio/workflow';
import type { SourcesLook } from '../activities/watch-sources.ts';
import type { KernelWork } from '../model/source-watch.ts';
import type { FollowResult, FollowSourcesInput } from '../model/workflow-messages.ts';
import { toSummary } from '../report/text-size.ts';
import { handOver, watchSources } from './activity-proxies.ts';

/** A source that somebody is writing is looked at again after this; the next poll sees what is not whole even then. */
const SETTLE_MS = 10_000;
const LOOK_LIMIT = 3;

/**
 * Looks once at the source of every kmod, and has each kernel in retention gone through again for which
 * a new one may help. Short: it does not wait for the rollouts.
 */
export async function followSources(input: FollowSourcesInput): Promise<FollowResult> {
  const started: string[] = [];
  for (let looks = 1; ; looks += 1) {
    const look = await watchSources.lookAtSources.executeWithOptions(
      { summary: 'Look at the sources of all kmods' },
      [],
    );
    setCurrentDetails(describe(look, started));
    started.push(...(await handOn(look, input)));
    setCurrentDetails(describe(look, started));
    if (look.unsettled.length === 0 || looks === LOOK_LIMIT) {
      return { message: look.message, started };
    }
    await sleep(SETTLE_MS, {
      summary: toSummary(`Somebody may be writing ${look.unsettled.join(', ')}`),
    });
  }
}

/**
 * Starts the rollouts. Those of a stream run one after the other, newest kernel first: that is the one
 * which waits, and what is built for it may serve older ones.
 */
async function handOn(
  { kernels, work }: SourcesLook,
  { options }: FollowSourcesInput,
): Promise<readonly string[]> {
  const started: string[] = [];
  const lastOf = new Map<string, { readonly workflowId: string; readonly runId: string }>();
  for (const kernel of kernels) {
    const after = lastOf.get(kernel.stream);
    const run = await handOver.resumeForSources.executeWithOptions(
      { summary: toSummary(describeKernel(kernel)) },
      [{ ...kernel, options, ...(after ? { after } : {}) }],
    );
    lastOf.set(kernel.stream, run);
    started.push(run.workflowId);
  }
  if (work.length > 0) {
    await watchSources.acknowledgeSources.executeWithOptions(
      { summary: 'Everything found was handed on: remember it' },
      [{ work }],
    );
  }
  return started;
}

function describeKernel({ release, kmods }: KernelWork): string {
  return `Go through kernel ${release} with the new source of ${kmods.join(', ')}`;
}

function describe(
  { message, changes, unreadable, unsettled }: SourcesLook,
  started: readonly string[],
): string {
  return [
    message,
    ...changes.map((line) => `- ${line}`),
    ...unsettled.map((kmod) => `- ${kmod}: changed a moment ago, looked at again`),
    ...unreadable.map(({ kmod, reason }) => `- ${kmod}: ${reason}`),
    ...started.map((id) => `- started \`${id}\``),
  ].join('\n');
}
