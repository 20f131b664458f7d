import { cleanConsoleLine } from './kernel-log.ts';

/** One record of the guest; see `activities/load-test/guest-init.c`. */
export type BootRecord =
  | { readonly word: 'begin'; readonly release: string }
  | { readonly word: 'group'; readonly group: number }
  | { readonly word: 'try' | 'del'; readonly step: number }
  | { readonly word: 'skip'; readonly step: number; readonly missing: number }
  | {
      readonly word: 'in' | 'out';
      readonly step: number;
      /** 0 when it went well. */
      readonly errno: number;
      /** Bits of `/proc/sys/kernel/tainted`. */
      readonly kernelTaint: number;
      /** Letters of `/sys/module/<name>/taint`; empty when there is none. */
      readonly moduleTaint: string;
    }
  | { readonly word: 'end'; readonly by: 'exit' | 'off' };

/** A record and what the kernel wrote after it, up to the next one. */
export interface BootMoment {
  /** Absent of what came before the guest's init spoke. */
  readonly record?: BootRecord;
  /** Lines without their time, printable. */
  readonly log: readonly string[];
}

const WORDS: readonly {
  readonly pattern: RegExp;
  readonly read: (fields: readonly string[]) => BootRecord;
}[] = [
  { pattern: /^begin (\S{1,64})$/, read: ([release = '']) => ({ word: 'begin', release }) },
  { pattern: /^group (\d{1,4})$/, read: ([group]) => ({ word: 'group', group: Number(group) }) },
  { pattern: /^try (\d{1,4})$/, read: ([step]) => ({ word: 'try', step: Number(step) }) },
  { pattern: /^del (\d{1,4})$/, read: ([step]) => ({ word: 'del', step: Number(step) }) },
  {
    pattern: /^skip (\d{1,4}) (\d{1,4})$/,
    read: ([step, missing]) => ({ word: 'skip', step: Number(step), missing: Number(missing) }),
  },
  {
    pattern: /^(in|out) (\d{1,4}) (\d{1,5}) (\d{1,10}) ([A-Z]{1,20}|-)$/,
    read: ([word, step, errno, kernelTaint, moduleTaint = '-']) => ({
      word: word === 'in' ? 'in' : 'out',
      step: Number(step),
      errno: Number(errno),
      kernelTaint: Number(kernelTaint),
      moduleTaint: moduleTaint === '-' ? '' : moduleTaint,
    }),
  },
  {
    pattern: /^end (exit|off)$/,
    read: ([by]) => ({ word: 'end', by: by === 'exit' ? 'exit' : 'off' }),
  },
];

/**
 * Splits a console's text at the guest's records.
 *
 * @param token The run's; a line that only looks like a record is a line of the log.
 * @returns In order; the first moment has no record.
 */
export function readBootRecords(consoleText: string, token: string): readonly BootMoment[] {
  const prefix = `rekmod-${token} `;
  let log: string[] = [];
  const moments: { record?: BootRecord; log: string[] }[] = [{ log }];
  for (const raw of consoleText.split('\n')) {
    const line = cleanConsoleLine(raw);
    const record = line.startsWith(prefix) ? parseRecord(line.slice(prefix.length)) : undefined;
    if (record !== undefined) {
      log = [];
      moments.push({ record, log });
    } else if (line !== '') log.push(line);
  }
  return moments;
}

function parseRecord(text: string): BootRecord | undefined {
  for (const { pattern, read } of WORDS) {
    const match = pattern.exec(text);
    if (match !== null) return read(match.slice(1));
  }
  return undefined;
}
