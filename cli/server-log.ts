import { copyFile, stat, truncate } from 'node:fs/promises';

/** A server at warnings only writes some kilobytes a day; one in trouble, megabytes an hour. */
const LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Bounds a log that another process has open for appending: what is there becomes `<log>.1`, and the log goes on at
 * its beginning. A line that is written in between may be lost; that a full disk stops everything may not be.
 *
 * @returns Whether it had become too large.
 */
export async function boundServerLog(
  path: string,
  limitBytes: number = LIMIT_BYTES,
): Promise<boolean> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= limitBytes) return false;
  await copyFile(path, `${path}.1`);
  await truncate(path);
  return true;
}
