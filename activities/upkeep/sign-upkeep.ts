import { join } from 'node:path';
import type { Settings } from '../../model/settings.ts';
import type { Sha256Hex } from '../../model/store.ts';
import type { UpkeepPart } from '../../model/upkeep.ts';
import type { DataDirectory } from '../data-directory.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { readMachineClock } from '../steady-clock.ts';
import { sweepStore } from './sweep-store.ts';

/** See {@link signUpkeepActivities}. */
export type SignUpkeepActivities = ReturnType<typeof signUpkeepActivities>;

/** The activity of the upkeep where the keys are. */
export function signUpkeepActivities({
  settings,
  data,
}: {
  readonly settings: Pick<Settings, 'upkeep'>;
  readonly data: Pick<DataDirectory, 'signing' | 'signed'>;
}) {
  /**
   * Removes what was signed and is not waited for any more: the control side has taken it over, or its
   * rebuild was given up.
   */
  async function tidySigned(request: {
    readonly digests: readonly Sha256Hex[];
    readonly isDryRun: boolean;
  }): Promise<UpkeepPart> {
    return await withHeartbeat(async () => {
      const removal = await sweepStore(new Set(request.digests), {
        root: data.signed,
        recordFile: join(data.signing, 'upkeep.json'),
        reading: readMachineClock(),
        graceMs: settings.upkeep.graceMs,
        isDryRun: request.isDryRun,
      });
      const what = 'signed files that nobody waits for';
      return { part: 'signer', removed: [{ ...removal, what }], problems: [] };
    });
  }

  return { tidySigned };
}
