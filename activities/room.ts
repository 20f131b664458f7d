import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  Next,
} from '@temporalio/worker';
import { type FreeRoom, findMissingRoom } from '../plan/judge-room.ts';
import { isMissing } from './atomic-file.ts';

/** What must be free before work begins that fills disks. */
export interface RoomRule {
  /** The data directory, and where builders keep what they make; such as are not here are left out. */
  readonly paths: readonly string[];
  readonly wanted: Required<FreeRoom>;
  /** Tells that work waits, and that it goes on. */
  readonly say: (sentence: string) => void;
  /** @default {5000} */
  readonly intervalMs?: number;
}

/** Activities that take much room. What records, signs and publishes their results takes little, and must end. */
const HUNGRY: ReadonlySet<string> = new Set([
  ...['storeKernel', 'prepareBuildroot', 'buildKmod', 'testLoading', 'serveView'],
  ...['verifyBuild', 'publishPackages'],
]);

/** Tells what is free below a path; undefined if there is no such path. */
export async function readFreeRoom(path: string): Promise<FreeRoom | undefined> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(path);
    return { bytes: bavail * bsize, ...(files === 0 ? {} : { inodes: ffree }) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Tells where room is missing, e.g. `expected 1.0 GiB free at "/data", found 12.0 MiB`. */
export async function findFullPath({
  paths,
  wanted,
}: Pick<RoomRule, 'paths' | 'wanted'>): Promise<string | undefined> {
  for (const path of paths) {
    const found = await readFreeRoom(path);
    const missing = found && findMissingRoom(found, wanted);
    if (missing !== undefined) return `${missing} at "${path}"`;
  }
  return undefined;
}

/**
 * Has activities that take much room wait until there is some. They send heartbeats with the reason
 * meanwhile, so Temporal's pages show it, and go on by themselves.
 */
export class RoomInterceptor implements ActivityInboundCallsInterceptor {
  readonly #rule: RoomRule;

  constructor(rule: RoomRule) {
    this.#rule = rule;
  }

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    if (HUNGRY.has(Context.current().info.activityType)) await this.#waitForRoom();
    return await next(input);
  }

  async #waitForRoom(): Promise<void> {
    const { info, cancellationSignal: signal } = Context.current();
    const { say, intervalMs = 5000 } = this.#rule;
    const work = `${info.activityType} of ${info.workflowExecution?.workflowId ?? 'nobody'}`;
    for (let isFirst = true; ; isFirst = false) {
      const missing = await findFullPath(this.#rule);
      if (missing === undefined) {
        if (!isFirst) say(`There is room again: ${work} goes on`);
        return;
      }
      const sentence = `Cannot begin "${work}": ${missing}`;
      if (isFirst) say(`${sentence}; it waits until there is room`);
      Context.current().heartbeat({ waitsFor: sentence });
      await delay(Math.min(intervalMs, 5000), undefined, { signal });
    }
  }
}
