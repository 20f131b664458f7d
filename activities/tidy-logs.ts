import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Retention } from '../model/settings.ts';
import { chooseOldLogs, type LogFile } from '../plan/choose-old-logs.ts';
import { isMissing, readJson, writeJson } from './atomic-file.ts';
import type { DataDirectory } from './data-directory.ts';
import { hasKeys } from './has-keys.ts';
import type { Records } from './records.ts';

/** What logs are tidied by. */
export interface TidyLogsDeps {
  readonly data: DataDirectory;
  readonly records: Records;
  readonly retention: Retention;
  readonly now: () => Date;
}

/** What was removed. */
export interface TidiedLogs {
  readonly count: number;
  readonly sizeBytes: number;
}

/** How many logs of a cell are not there any more; lies beside those that are. */
export interface RemovedLogs {
  readonly count: number;
  /** When the last ones went, ISO 8601 in UTC. */
  readonly at: string;
}

const REMOVED = 'removed.json';

/**
 * Removes logs of attempts by count, age and size (`retention`), never that of a failure which stands in the
 * records. Each folder remembers how many went.
 */
export async function tidyLogs(deps: TidyLogsDeps): Promise<TidiedLogs> {
  const { data, retention } = deps;
  const logs = await listLogs(data);
  const needed = await listNeeded(deps);
  const old = chooseOldLogs(logs, { ...retention, nowMs: deps.now().getTime(), needed });
  const counts = new Map<string, number>();
  for (const { path } of old) {
    await rm(data.absolute(path), { force: true });
    const directory = dirname(data.absolute(path));
    counts.set(directory, (counts.get(directory) ?? 0) + 1);
  }
  for (const [directory, count] of counts) {
    const before = (await readRemovedLogs(directory))?.count ?? 0;
    const removed: RemovedLogs = { count: before + count, at: deps.now().toISOString() };
    await writeJson(join(directory, REMOVED), removed);
  }
  return { count: old.length, sizeBytes: old.reduce((sum, log) => sum + log.sizeBytes, 0) };
}

/** Reads how many logs of a folder have been removed; undefined when none was. */
export async function readRemovedLogs(directory: string): Promise<RemovedLogs | undefined> {
  return await readJson(join(directory, REMOVED), isRemovedLogs);
}

async function listLogs(data: DataDirectory): Promise<readonly LogFile[]> {
  const entries = await readdir(data.logs, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    },
  );
  const logs: LogFile[] = [];
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith('.log')) continue;
    const path = join(entry.parentPath, entry.name);
    const { mtimeMs, size } = await stat(path);
    logs.push({ path: relative(data.root, path), modifiedAtMs: mtimeMs, sizeBytes: size });
  }
  return logs;
}

/** Also of streams that are not configured any more: their records are there as long as their logs. */
async function listNeeded({ data, records }: TidyLogsDeps): Promise<ReadonlySet<string>> {
  const streams = await readdir(data.logs).catch(() => []);
  const cells = await Promise.all(streams.map((stream) => records.listCells(stream)));
  return new Set(
    cells.flat().flatMap(({ outcome }) => {
      const log = outcome.kind === 'failed' ? outcome.attemptLog : undefined;
      return log === undefined ? [] : [log];
    }),
  );
}

function isRemovedLogs(value: unknown): value is RemovedLogs {
  return hasKeys(value, 'count', 'at');
}
