import { RekmodError } from '../model/errors.ts';
import type { Sha256Hex } from '../model/store.ts';
import type { Buildroot, RunControl } from './backend.ts';

/** Makes a buildroot, or waits for the one of the same digest that somebody else is making. */
export type SharePreparation = (
  digest: Sha256Hex,
  run: RunControl,
  make: () => Promise<Buildroot>,
) => Promise<Buildroot>;

/** Lets one preparation of a digest run at a time: who comes meanwhile waits for it. */
export function sharePreparations(): SharePreparation {
  const running = new Map<Sha256Hex, Promise<Buildroot>>();
  return async (digest, run, make) => {
    for (let other = running.get(digest); other !== undefined; other = running.get(digest)) {
      run.onLog(Buffer.from('rekmod: the same buildroot is being prepared: waiting for it\n'));
      const shared = await waitForOther(other, run.signal);
      if (shared !== undefined) return { ...shared, isReused: true };
    }
    run.signal.throwIfAborted();
    const own = make();
    own.catch(() => undefined);
    running.set(digest, own);
    try {
      return await own;
    } finally {
      running.delete(digest);
    }
  };
}

/**
 * Waits for another caller's preparation.
 *
 * @returns `undefined` when its caller ended it, which is no reason for this one.
 * @throws {RekmodError} Its own failure, which would be the same here.
 */
async function waitForOther(
  other: Promise<Buildroot>,
  signal: AbortSignal,
): Promise<Buildroot | undefined> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([other, aborted]);
  } catch (error) {
    if (signal.aborted || error instanceof RekmodError) throw error;
    return undefined;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
