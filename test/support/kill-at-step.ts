import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

// Counts what this process does to the file system and which programs it runs, and dies at a chosen step as
// `kill -9` kills. Nothing of the product knows of it: the functions of Node are replaced.

const SYNC = [
  ...['linkSync', 'mkdirSync', 'renameSync', 'rmSync', 'symlinkSync', 'unlinkSync'],
  ...['writeFileSync', 'utimesSync', 'copyFileSync', 'openSync', 'truncateSync', 'writeSync'],
];
const ASYNC = [
  ...['link', 'mkdir', 'mkdtemp', 'rename', 'rm', 'rmdir', 'symlink', 'unlink'],
  ...['writeFile', 'appendFile', 'utimes', 'copyFile', 'cp', 'open', 'truncate'],
];
const HANDLE = ['write', 'writeFile', 'sync', 'datasync', 'truncate', 'close'];

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** What was counted. */
export interface StepCounter {
  /** Steps that were begun, e.g. `rename /…/tree`. */
  readonly steps: readonly string[];
  /** Writes a file without being counted, but as the last step of all. */
  readonly write: (path: string, text: string) => Promise<void>;
}

/**
 * Begins to count.
 *
 * @param killAt The process ends just before it does the step with this index; never if absent. Right after
 *   a step is just before the next, and the last step is the end of the process's work.
 */
export async function countSteps(killAt: number | undefined): Promise<StepCounter> {
  const steps: string[] = [];
  const { writeFile } = fs.promises;
  const step = (name: string): void => {
    steps.push(name);
    if (steps.length - 1 === killAt) process.kill(process.pid, 'SIGKILL');
  };
  replace(fs, SYNC, step);
  replace(fs.promises, ASYNC, step);
  const handle = await fs.promises.open(join(import.meta.dirname, 'kill-at-step.ts'));
  await handle.close();
  replace(Object.getPrototypeOf(handle), HANDLE, step);
  replaceSpawn(step);
  syncBuiltinESMExports();
  steps.length = 0;
  return {
    steps,
    async write(path, text) {
      step('end');
      await writeFile(path, text);
    },
  };
}

/** Replaces functions of an object of Node's by ones that say so first. */
function replace(owner: object, names: readonly string[], step: (name: string) => void): void {
  for (const name of names) {
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== 'function') continue;
    const counted: AnyFunction = function counted(...args) {
      step(`${name} ${String(args[0] ?? '')}`);
      return Reflect.apply(original, this, args);
    };
    Reflect.set(owner, name, counted);
  }
}

/** A program is two steps: before it runs, and while it does; it goes on when we die. */
function replaceSpawn(step: (name: string) => void): void {
  const original: unknown = Reflect.get(childProcess, 'spawn');
  if (typeof original !== 'function') throw new Error('BUG: no spawn');
  const counted: AnyFunction = function counted(...args) {
    step(`spawn ${String(args[0])}`);
    const child: unknown = Reflect.apply(original, this, args);
    step(`running ${String(args[0])}`);
    return child;
  };
  Reflect.set(childProcess, 'spawn', counted);
}
