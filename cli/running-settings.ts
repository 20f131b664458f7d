import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfExists, readJson, writeJson } from '../activities/atomic-file.ts';
import type { DataDirectory } from '../activities/data-directory.ts';
import { hasKeys } from '../activities/has-keys.ts';
import { RekmodError } from '../model/errors.ts';
import type { ReloadAnswer, RunningSettings } from '../model/reload.ts';
import type { Settings } from '../model/settings.ts';
import { isAlive, parseMark } from './run-lock.ts';

/** No `rekmod up` serves the data directory. */
export class NotRunningError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(action: string, root: string) {
    super(
      `Cannot ${action}: expected a running "rekmod up" with the data of "${root}", found none; start it, or set REKMOD_HOME to the directory that it uses`,
    );
  }
}

/** A running `rekmod up`, as other processes find it. */
export interface RunningUp extends RunningSettings {
  readonly pid: number;
}

type RunDirectory = Pick<DataDirectory, 'root' | 'run'>;

/** The lock that `rekmod up` holds while it runs. */
export function lockFileOf({ run }: Pick<DataDirectory, 'run'>): string {
  return join(run, 'up.lock');
}

/** Writes down what this process works by from now on. */
export async function writeRunning(data: RunDirectory, running: RunningSettings): Promise<void> {
  await writeJson(settingsFileOf(data), running);
}

/** Nothing runs here any more. */
export async function forgetRunning(data: RunDirectory): Promise<void> {
  await rm(settingsFileOf(data), { force: true });
}

/**
 * Finds what runs on a data directory.
 *
 * @param action For the error, e.g. `reload`.
 * @throws {NotRunningError} If nothing does, or it has only begun to start.
 */
export async function requireRunning(data: RunDirectory, action: string): Promise<RunningUp> {
  const mark = parseMark((await readIfExists(lockFileOf(data))) ?? '');
  const running = await readJson(settingsFileOf(data), isRunningSettings);
  if (!mark || !running || !(await isAlive(mark))) throw new NotRunningError(action, data.root);
  return { ...running, pid: mark.pid };
}

/** Leaves an answer for who asked for a reload. */
export async function writeReloadAnswer(data: RunDirectory, answer: ReloadAnswer): Promise<void> {
  await writeJson(answerFileOf(data), answer);
}

/** The answer of the last reload; undefined before the first. */
export async function readReloadAnswer(data: RunDirectory): Promise<ReloadAnswer | undefined> {
  return await readJson(answerFileOf(data), isReloadAnswer);
}

/** What tells two readings of a configuration apart. */
export function digestSettings(settings: Settings): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex');
}

function settingsFileOf({ run }: RunDirectory): string {
  return join(run, 'settings.json');
}

function answerFileOf({ run }: RunDirectory): string {
  return join(run, 'reload.json');
}

function isRunningSettings(value: unknown): value is RunningSettings {
  return hasKeys(value, 'configFile', 'loadedAt', 'settings');
}

function isReloadAnswer(value: unknown): value is ReloadAnswer {
  return hasKeys(value, 'number', 'end');
}
