import type { ActivitySlotInfo, CustomSlotSupplier, WorkerTuner } from '@temporalio/worker';

/** How many activities a worker runs at once, changed while it runs. */
export interface ResizableSlots {
  /** For the worker whose activities these are. */
  readonly tuner: WorkerTuner;
  /**
   * Sets how many may run at once. Fewer end nothing: what runs comes to its end, and what is handed out as free
   * to a poll that waits (a minute at most) still counts.
   */
  resize(count: number): void;
}

interface Waiting {
  readonly give: () => void;
}

/**
 * Makes slots for the activities of one worker. A worker of the SDK has a fixed number for its life; two workers
 * for one queue, of which the older one ends, would together run more than either may.
 */
export function openResizableSlots(count: number): ResizableSlots {
  let size = count;
  let taken = 0;
  const waiting = new Set<Waiting>();

  function handOut(): void {
    for (const one of waiting) {
      if (taken >= size) return;
      waiting.delete(one);
      taken += 1;
      one.give();
    }
  }

  async function wait(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const one = { give: resolve };
      waiting.add(one);
      signal.addEventListener(
        'abort',
        () => {
          // A slot that was given a moment before is the SDK's, and comes back by its release.
          if (waiting.delete(one)) reject(signal.reason);
        },
        { once: true },
      );
      handOut();
    });
  }

  const supplier: CustomSlotSupplier<ActivitySlotInfo> = {
    type: 'custom',
    async reserveSlot(_context, signal) {
      if (signal.aborted) throw signal.reason;
      await wait(signal);
      return {};
    },
    tryReserveSlot() {
      if (taken >= size) return null;
      taken += 1;
      return {};
    },
    markSlotUsed: () => undefined,
    releaseSlot() {
      taken -= 1;
      handOut();
    },
  };
  return {
    tuner: {
      activityTaskSlotSupplier: supplier,
      // Such a worker has activities only; the SDK wants to be told of each kind.
      workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 2 },
      localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
      nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
    },
    resize(next) {
      size = next;
      handOut();
    },
  };
}
