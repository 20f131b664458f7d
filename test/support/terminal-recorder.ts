import { EXIT } from '../../cli/exit-codes.ts';
import type { Terminal } from '../../cli/terminal.ts';

/** What a command printed and ended with, as of a process. */
export interface RecordedEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A terminal as a pipe is one, that tells what it was given. */
export function openRecorder(): Terminal & { readonly read: () => RecordedEnd } {
  let exitCode: number = EXIT.ok;
  let stdout = '';
  let stderr = '';
  return {
    hasColor: false,
    columns: 120,
    write: (answer) => {
      stdout += typeof answer === 'string' ? answer : Buffer.from(answer).toString();
    },
    remark: (line) => {
      stderr += `${line}\n`;
    },
    setExitCode: (given) => {
      exitCode = given;
    },
    read: () => ({ exitCode, stdout, stderr }),
  };
}
