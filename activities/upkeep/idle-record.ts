import type { ClockReading } from '../../model/clock.ts';
import { measureElapsedMs } from '../../plan/believe-clock.ts';
import { type IdleJudgement, type IdleThings, judgeIdle } from '../../plan/judge-idle.ts';
import { readJson, writeJson } from '../atomic-file.ts';
import { hasKeys } from '../has-keys.ts';

/** What was idle at the last look. */
interface IdleRecord {
  readonly reading: ClockReading;
  readonly things: IdleThings;
}

/** What a look depends on. */
export interface IdleLook {
  /** Path of the record. */
  readonly file: string;
  readonly reading: ClockReading;
  readonly graceMs: (name: string) => number;
  readonly isDryRun: boolean;
}

/**
 * Judges what nothing refers to by what the last look remembered, and remembers this one before anything
 * goes. A record that is lost or torn only begins to count anew.
 *
 * @param found With the token of each, see {@link IdleThings}.
 * @returns What may go.
 */
export async function findRipe(
  found: ReadonlyMap<string, string>,
  { file, reading, graceMs, isDryRun }: IdleLook,
): Promise<readonly string[]> {
  const before = await readJson(file, isIdleRecord).catch(() => undefined);
  const elapsedMs = measureElapsedMs(before?.reading, reading);
  const { ripe, idle }: IdleJudgement = judgeIdle(before?.things ?? {}, found, {
    elapsedMs,
    graceMs,
  });
  if (!isDryRun) await writeJson(file, { reading, things: idle } satisfies IdleRecord);
  return ripe;
}

function isIdleRecord(value: unknown): value is IdleRecord {
  return hasKeys(value, 'reading', 'things');
}
