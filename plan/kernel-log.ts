const TIME = /^\[\s*\d+\.\d{6}\](?:\[\s*[TC]\d+\])? ?/;
const UNPRINTABLE = /\p{C}/gu;
const LINE_LENGTH_LIMIT = 300;

/** The first lines of what ends a kernel, by how much they explain. */
const CRASH_LINES = [
  /^watchdog: BUG: soft lockup|^NMI watchdog: Watchdog detected hard LOCKUP/,
  /^(?:BUG: |Oops: |general protection fault|stack segment: |double fault: |invalid opcode: |divide error: |int3: |kernel BUG at |Unable to handle kernel |Internal error: )/,
  /^Kernel panic - not syncing: /,
];
const LOCKUP = /soft lockup|hard LOCKUP/;

/** What ended a kernel. */
export interface KernelCrash {
  /** E.g. `BUG: kernel NULL pointer dereference, address: 0000000000000000`. */
  readonly firstLine: string;
  /** From that line on. */
  readonly log: readonly string[];
  /** Whether a watchdog ended it: the code did not end, rather than fail. */
  readonly isLockup: boolean;
}

/** What every module from outside the kernel causes, and what a kernel says by itself some time after its start. */
const EXPECTED = [
  /: loading out-of-tree module taints kernel\.$/,
  /: module verification failed: signature and\/or required key missing - tainting kernel$/,
  /^(?:tsc|clocksource|random|input): /,
];

/** Takes the time stamp and all that is not printable from a line of a console, and cuts it. */
export function cleanConsoleLine(line: string): string {
  const shown = line
    .slice(0, 4 * LINE_LENGTH_LIMIT)
    .replaceAll('\t', ' ')
    .replace(UNPRINTABLE, '');
  return shown.replace(TIME, '').trimEnd().slice(0, LINE_LENGTH_LIMIT);
}

/** Leaves out what explains nothing, and keeps at most the given number of lines. */
export function cutLog(log: readonly string[], lineLimit: number): readonly string[] {
  return log.filter((line) => !EXPECTED.some((pattern) => pattern.test(line))).slice(0, lineLimit);
}

/**
 * Finds an oops, panic or lockup.
 *
 * @param log Lines without time stamps. A module can write such a line by itself: it counts only where the
 *   boot did not go on.
 */
export function findCrash(log: readonly string[]): KernelCrash | undefined {
  for (const pattern of CRASH_LINES) {
    const at = log.findIndex((line) => pattern.test(line));
    const firstLine = log[at];
    if (firstLine === undefined) continue;
    return { firstLine, log: log.slice(at, at + 60), isLockup: LOCKUP.test(firstLine) };
  }
  return undefined;
}

/**
 * Letters of the kernel's taint flags.
 *
 * @see Linux 6.1 Documentation/admin-guide/tainted-kernels.rst
 */
const TAINT_LETTERS = 'PFSRMBUDAWCIOELKXTN';

/** Names taint bits by their letters, e.g. 4096 + 8192 is `OE`. */
export function nameTaints(bits: number): string {
  return [...TAINT_LETTERS].filter((_, bit) => (bits & (1 << bit)) !== 0).join('');
}
