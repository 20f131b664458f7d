import { CommandRefusedError } from '../model/command-errors.ts';
import type { RollbackCommand } from '../model/workflow-messages.ts';

const SNAPSHOT = /^[0-9]{6,15}$/;
/** One line that a person can read; it stands in histories, summaries and records. */
const SENTENCE = /^(?=.*\S)[^\p{Cc}\p{Cf}\u2028\u2029]{1,200}$/u;

/**
 * Checks what a person asks of a publisher, before it stands in the history.
 *
 * @throws {CommandRefusedError} If it says not who and why on one line each, or names no snapshot.
 */
export function requireGoodRollback(command: RollbackCommand): void {
  const { by, why, to } = command;
  const expected = 'expected one line of 1 to 200 printable characters';
  if (!isText(by, SENTENCE)) throw new CommandRefusedError('roll back', `${expected} for who`);
  if (!isText(why, SENTENCE)) throw new CommandRefusedError('roll back', `${expected} for why`);
  if (to !== undefined && !isText(to, SNAPSHOT)) {
    throw new CommandRefusedError('roll back', 'expected a snapshot such as "000007"');
  }
}

/** Whoever sends an update can send anything. */
function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}
