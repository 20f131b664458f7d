/** How a command prints: plain and quiet in a pipe, with colour and to the width in a terminal. */
export interface Terminal {
  readonly hasColor: boolean;
  /** Width in characters. */
  readonly columns: number;
  /** Whether a person is watching; progress is shown only then. */
  readonly isInteractive: boolean;
}

const PIPE_COLUMNS = 120;

/** Describes standard output. @see https://no-color.org */
export function openTerminal(): Terminal {
  const isInteractive = process.stdout.isTTY === true;
  const { NO_COLOR, TERM } = process.env;
  return {
    hasColor: isInteractive && (NO_COLOR ?? '') === '' && TERM !== 'dumb',
    columns: process.stdout.columns ?? PIPE_COLUMNS,
    isInteractive,
  };
}

/** Prints an answer. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Prints a remark that is not part of the answer. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Prints JSON for programs. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}
