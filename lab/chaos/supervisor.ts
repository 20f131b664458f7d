import { setTimeout as delay } from 'node:timers/promises';
import type { World } from '../world.ts';

const RESTART_AFTER_MS = 500;

/** Starts `rekmod up` again whenever it ends, as systemd does with `Restart=always`. */
export interface Supervisor {
  /** Whether it has begun to start and is not up yet. */
  readonly isStarting: boolean;
  /** How often it was started. */
  readonly startCount: number;
  /** Lets it end for good. */
  stop(): Promise<void>;
}

/** Begins to supervise; the first start is under way when this returns. */
export function supervise(world: World): Supervisor {
  const state = { isStarting: false, startCount: 0 };
  let isStopping = false;

  async function keepUp(): Promise<void> {
    while (!isStopping) {
      state.isStarting = true;
      state.startCount += 1;
      // What does not come up says so in its log, and is started again when it has ended.
      await world.up().catch(() => undefined);
      state.isStarting = false;
      await world.ended();
      await delay(RESTART_AFTER_MS);
    }
  }

  const done = keepUp();
  return Object.assign(state, {
    async stop() {
      isStopping = true;
      await world.end('SIGTERM');
      await done;
    },
  });
}
