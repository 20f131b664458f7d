import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { RekmodError } from '../model/errors.ts';
import type { Settings, Stream } from '../model/settings.ts';
import { CONTROL_QUEUE } from '../model/task-queues.ts';
import { followId, SOURCES_ID, UPKEEP_ID } from '../model/workflow-ids.ts';
import type {
  FollowInput,
  FollowSourcesInput,
  UpkeepInput,
  WorkflowOptions,
} from '../model/workflow-messages.ts';
import { toPairs } from '../workflows/search-attributes.ts';

/** Which data directory a schedule belongs to: the key of its memo. */
const OWNER = 'rekmodHome';

/** Two data directories would take each other's work from the same queues. */
export class ForeignScheduleError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(scheduleId: string, { options: { namespace } }: Client) {
    super(
      `Cannot follow "${scheduleId}": expected no such schedule in namespace "${namespace}", found one of another data directory; give each its own "temporal.namespace"`,
    );
  }
}

/** Whose schedules they are, and what workflows are told. */
export interface ScheduleContext {
  readonly homeId: string;
  readonly options: WorkflowOptions;
}

/** Looks that were missed longer than this are not made up for: the next one sees all. */
const CATCHUP_WINDOW = '1 minute';
const MAX_JITTER_MS = 60_000;

/**
 * Makes the schedules fit the configuration: one a stream, one for the sources of all kmods and one for the
 * upkeep, made, updated or removed; and has all of them begin at once.
 */
export async function applySchedules(
  client: Client,
  settings: Settings,
  { homeId, options }: ScheduleContext,
): Promise<void> {
  const schedules = [
    ...settings.streams.map((stream) => toStreamSchedule(stream, options)),
    toSourcesSchedule(settings, options),
    toUpkeepSchedule(settings),
  ];
  const wanted = new Set(schedules.map(({ scheduleId }) => scheduleId));
  for await (const { scheduleId, memo } of client.schedule.list()) {
    if (memo?.[OWNER] === homeId && !wanted.has(scheduleId)) {
      await client.schedule.getHandle(scheduleId).delete();
    }
  }
  for (const schedule of schedules) await applySchedule(client, schedule, homeId);
}

async function applySchedule(
  client: Client,
  wanted: ScheduleOptions,
  homeId: string,
): Promise<void> {
  const schedule = { ...wanted, memo: { [OWNER]: homeId } };
  try {
    await client.schedule.create({ ...schedule, state: { triggerImmediately: true } });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.schedule.getHandle(schedule.scheduleId);
    const { memo } = await handle.describe();
    if (memo?.[OWNER] !== homeId) throw new ForeignScheduleError(schedule.scheduleId, client);
    await handle.update((before) => ({ ...schedule, state: before.state }));
    await handle.trigger();
  }
}

function toStreamSchedule(
  { name, title, urls, pollIntervalMs }: Stream,
  options: WorkflowOptions,
): ScheduleOptions {
  const input: FollowInput = { stream: name, title, options };
  return {
    scheduleId: followId(name),
    ...toRhythm(pollIntervalMs),
    action: {
      type: 'startWorkflow',
      workflowType: 'followStream',
      workflowId: followId(name),
      taskQueue: CONTROL_QUEUE,
      args: [input],
      staticSummary: `Look at ${title}`,
      staticDetails: urls.map((url) => `- ${url}`).join('\n'),
      ...(options.hasSearchAttributes ? { typedSearchAttributes: toPairs({ stream: name }) } : {}),
    },
  };
}

function toSourcesSchedule(
  { kmods, sources }: Settings,
  options: WorkflowOptions,
): ScheduleOptions {
  const input: FollowSourcesInput = { options };
  return {
    scheduleId: SOURCES_ID,
    ...toRhythm(sources.pollIntervalMs),
    action: {
      type: 'startWorkflow',
      workflowType: 'followSources',
      workflowId: SOURCES_ID,
      taskQueue: CONTROL_QUEUE,
      args: [input],
      staticSummary: `Look at the sources of ${kmods.length} kmods`,
    },
  };
}

function toUpkeepSchedule({ targets, upkeep }: Settings): ScheduleOptions {
  return {
    scheduleId: UPKEEP_ID,
    ...toRhythm(upkeep.intervalMs),
    action: {
      type: 'startWorkflow',
      workflowType: 'upkeep',
      workflowId: UPKEEP_ID,
      taskQueue: CONTROL_QUEUE,
      args: [toUpkeepInput({ targets })],
      staticSummary: 'Remove what nobody needs any more',
    },
  };
}

/** What an upkeep is told: whose builders there are. */
export function toUpkeepInput({ targets }: Pick<Settings, 'targets'>): UpkeepInput {
  return { archs: [...new Set(targets.map(({ arch }) => arch))].sort() };
}

function toRhythm(pollIntervalMs: number): Pick<ScheduleOptions, 'spec' | 'policies'> {
  return {
    spec: {
      intervals: [{ every: pollIntervalMs }],
      jitter: Math.min(MAX_JITTER_MS, Math.floor(pollIntervalMs / 10)),
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCHUP_WINDOW },
  };
}
