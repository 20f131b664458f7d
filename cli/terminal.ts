/** What a command prints to, and how: plain and quiet in a pipe, with colour and to the width in a terminal. */
export interface Terminal {
  readonly hasColor: boolean;
  /** Whether a person looks at it, and what stands there can be written anew. */
  readonly isInteractive?: boolean;
  /** Width in characters. */
  readonly columns: number;
  /** Takes an answer as it is. */
  readonly write: (answer: string | Uint8Array) => void;
  /** Takes a line that is not part of the answer. */
  readonly remark: (line: string) => void;
  /** Takes what the command ends with when it is something else than 0. */
  readonly setExitCode: (exitCode: number) => void;
}

const PIPE_COLUMNS = 120;

/** Describes the terminal of this process. @see https://no-color.org */
export function openTerminal(): Terminal {
  const { stdout } = process;
  const { NO_COLOR, TERM } = process.env;
  return {
    isInteractive: stdout.isTTY === true && TERM !== 'dumb',
    hasColor: stdout.isTTY === true && (NO_COLOR ?? '') === '' && TERM !== 'dumb',
    columns: stdout.columns ?? PIPE_COLUMNS,
    write: (answer) => stdout.write(answer),
    remark,
    setExitCode: (exitCode) => {
      process.exitCode = exitCode;
    },
  };
}

/** Prints an answer. */
export function print(terminal: Terminal, text: string): void {
  terminal.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Prints JSON for programs. */
export function printJson(terminal: Terminal, value: unknown): void {
  print(terminal, JSON.stringify(value, undefined, 2));
}

/** Prints a remark of a part that knows no terminal, as the worker. */
export function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}
