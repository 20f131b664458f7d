import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Labels } from '../backend.ts';

/** A run of mock as its directory tells it, so that another process can end it. */
export interface RunRecord {
  /** As mock's `--uniqueext`; also the name of the run's directory. */
  readonly id: string;
  readonly labels: Labels;
  /** Path of the configuration of the root that it uses. */
  readonly config: string;
  /** The leader of the process group, while there is one. */
  readonly leader?: { readonly pid: number; readonly startTime: string };
}

/** Where runs are, each in a directory of its own. */
export interface Runs {
  /** Makes a run's directory; everything that it needs lies there. */
  create(record: RunRecord): Promise<string>;
  update(record: RunRecord): Promise<void>;
  /** All that are there; damaged ones are left out. */
  list(): Promise<readonly RunRecord[]>;
  remove(id: string): Promise<void>;
}

const RECORD = 'run.json';

/** Keeps runs below a directory. */
export function openRuns(directory: string): Runs {
  async function write(record: RunRecord): Promise<void> {
    const path = join(directory, record.id, RECORD);
    await writeFile(`${path}.new`, JSON.stringify(record));
    await rename(`${path}.new`, path);
  }
  return {
    async create(record) {
      const own = join(directory, record.id);
      await mkdir(own, { recursive: true });
      // mock reads as another user where it is started by root, whatever our umask is.
      await chmod(own, 0o755);
      await write(record);
      return own;
    },
    update: write,
    async list() {
      const names = await readdir(directory).catch(() => []);
      const records = await Promise.all(names.map((name) => readRecord(directory, name)));
      return records.filter((record) => record !== undefined);
    },
    async remove(id) {
      await rm(join(directory, id), { recursive: true, force: true });
    },
  };
}

async function readRecord(directory: string, name: string): Promise<RunRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(directory, name, RECORD), 'utf8'));
    return isRecord(value) && value.id === name ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is RunRecord {
  if (typeof value !== 'object' || value === null) return false;
  if (!('id' in value && 'labels' in value && 'config' in value)) return false;
  const { id, labels, config } = value;
  const hasLabels = typeof labels === 'object' && labels !== null;
  const leader = 'leader' in value ? value.leader : undefined;
  return typeof id === 'string' && hasLabels && typeof config === 'string' && isLeader(leader);
}

function isLeader(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  return (
    'pid' in value &&
    'startTime' in value &&
    Number.isSafeInteger(value.pid) &&
    typeof value.startTime === 'string'
  );
}
