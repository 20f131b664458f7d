import { resolve } from 'node:path';
import { CommandRefusedError } from '../model/command-errors.ts';
import type { RunningUp } from './running-settings.ts';

/**
 * Requires that a configuration which a person named is the one that runs. One that is only found, where the person
 * happens to be, is passed over: what runs says which file is meant.
 *
 * @throws {CommandRefusedError} If another file is named.
 */
export function requireSameFile(
  { configFile, pid }: RunningUp,
  { config }: { readonly config?: string },
): void {
  if (config === undefined || resolve(config) === configFile) return;
  throw new CommandRefusedError(
    'reload',
    `expected the configuration of process ${pid}, "${configFile}", found "${resolve(config)}"; start rekmod anew to have it use another file`,
  );
}
