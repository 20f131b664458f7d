import { join } from 'node:path';
import { writeFileAtomically } from '../activities/atomic-file.ts';
import type { AliveStamp } from '../model/status.ts';

/** Writes the dead-man stamp as long as this process lives. */
export interface AliveWriter {
  /** Writes no more; the last stamp stays, and runs out. */
  stop(): Promise<void>;
}

/** Starts it; the first stamp is written at once. */
export function startAliveWriter({
  directory,
  everyMs,
  gather,
  onAlarm,
  onError,
}: {
  readonly directory: string;
  readonly everyMs: number;
  readonly gather: () => Promise<AliveStamp>;
  /** Called when something becomes stale or heals by time alone: nothing else would renew the page. */
  readonly onAlarm: () => void;
  readonly onError: (error: unknown) => void;
}): AliveWriter {
  let alarms = '[]';
  let writing = Promise.resolve();
  const beat = (): void => {
    writing = writing.then(write).catch(onError);
  };
  const timer = setInterval(beat, everyMs);
  beat();
  return {
    async stop() {
      clearInterval(timer);
      await writing;
    },
  };

  async function write(): Promise<void> {
    const stamp = await gather();
    const text = `${JSON.stringify(stamp, undefined, 1)}\n`;
    await writeFileAtomically(join(directory, 'alive.json'), text);
    const before = alarms;
    alarms = JSON.stringify(stamp.alarms);
    if (alarms !== before) onAlarm();
  }
}
