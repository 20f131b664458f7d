import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Ends a rekmod that an earlier run left running on a data directory, that process alone. */
export async function endEarlier(home: string): Promise<void> {
  const isLocked = await access(join(home, 'run', 'up.lock')).then(
    () => true,
    () => false,
  );
  if (!isLocked) return;
  await promisify(execFile)(join(import.meta.dirname, 'end-demo.sh'), [home]);
}
