import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { ClockReading, ClockRecord } from '../model/clock.ts';
import { believeClock, noteClock } from '../plan/believe-clock.ts';
import { readJson, writeJson } from './atomic-file.ts';
import { hasKeys } from './has-keys.ts';

/** A time that nothing is deleted, expired or released by when the machine's clock jumps. */
export interface SteadyClock {
  /** The machine's time while it is believed; else the old one, which goes on. */
  now(): Date;
  read(): ClockReading;
  /** By how much the machine's clock is at odds with {@link SteadyClock.now}; zero while it is believed. */
  jumpMs(): number;
  /** Has another look, and remembers it. The only caller is the upkeep, once a run. */
  note(): Promise<void>;
}

/**
 * Opens the clock of a data directory.
 *
 * @param file A {@link ClockRecord}. Removing it is how a person says that the clock is right.
 */
export async function openSteadyClock(
  file: string,
  read: () => ClockReading = readMachineClock,
): Promise<SteadyClock> {
  // Without a record, a jump within this process is seen although no upkeep has run yet.
  let record: ClockRecord = (await readRecord(file)) ?? { believed: read() };
  const believe = () => believeClock(record, read());
  return {
    read,
    now: () => new Date(believe().nowMs),
    jumpMs: () => believe().jumpMs,
    async note() {
      record = noteClock(await readRecord(file), read());
      await writeJson(file, record);
    },
  };
}

/** Of this machine. @see proc(5), /proc/sys/kernel/random/boot_id */
export function readMachineClock(): ClockReading {
  return { bootId: readBootId(), uptimeMs: uptime() * 1000, wallMs: Date.now() };
}

let bootId: string | undefined;

/** Does not change while a process lives. */
function readBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

/** A record that is torn is as good as none: it only spares a doubt. */
async function readRecord(file: string): Promise<ClockRecord | undefined> {
  return await readJson(file, isRecord).catch(() => undefined);
}

function isRecord(value: unknown): value is ClockRecord {
  return hasKeys(value, 'believed');
}
