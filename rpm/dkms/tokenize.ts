import { DkmsParseError } from '../../model/parse-errors.ts';
import { matchAt, readPiece, type ShellCursor, take, type WordPart } from './shell-cursor.ts';

/** What stands before the `=` of an assignment. */
export interface AssignmentTarget {
  readonly name: string;
  /** What stands in the brackets, if there are any. */
  readonly index?: string;
  readonly isAppending: boolean;
}

/** A word, e.g. `make`, `"a b"`, `MAKE[0]="make modules"`. */
export interface ShellWord {
  readonly kind: 'word';
  readonly line: number;
  /** As it stands in the file. */
  readonly raw: string;
  /** Of an assignment. */
  readonly target?: AssignmentTarget;
  /** Of an assignment only what follows the `=`. */
  readonly parts: readonly WordPart[];
}

/** An operator such as `&&` or `(`; `\n` is the end of a line. */
export interface ShellOperator {
  readonly kind: 'operator';
  readonly line: number;
  readonly text: string;
  /** Whether it follows a word without a blank, as the `(` of `A=(` does. */
  readonly isAdjacent: boolean;
}

/** What a bash file consists of, blanks and comments left out. */
export type ShellToken = ShellWord | ShellOperator;

const TEXT_LENGTH_LIMIT = 1024 * 1024;
const TARGET = /(?<name>[A-Za-z_]\w*)(?:\[(?<index>[^\]\s'"]*)\])?(?<append>\+)?=/y;
const OPERATOR = /;;&|;;|;&|&&|\|\||&>|>>|<<|[\n;&|()<>]/y;
const WORD_END = /[\s;&|()<>]/;

/**
 * Splits a bash file into words and operators, without evaluating anything.
 *
 * @throws {DkmsParseError} If a quote or an expansion does not end, or the file is larger than 1 MiB.
 * @see bash(1), DEFINITIONS and QUOTING
 */
export function tokenize(text: string): readonly ShellToken[] {
  if (text.length > TEXT_LENGTH_LIMIT) {
    const found = text.length;
    throw new DkmsParseError(`expected at most ${TEXT_LENGTH_LIMIT} characters, found ${found}`);
  }
  const cursor: ShellCursor = { text: text.replaceAll('\r\n', '\n'), at: 0, line: 1 };
  const tokens: ShellToken[] = [];
  for (;;) {
    const isAdjacent = !skipBlanks(cursor);
    if (cursor.at >= cursor.text.length) return tokens;
    const { line } = cursor;
    const operator = matchAt(cursor, OPERATOR)?.[0];
    if (operator === undefined) tokens.push(readWord(cursor));
    else {
      tokens.push({ kind: 'operator', line, text: operator, isAdjacent });
      take(cursor, cursor.at + operator.length);
    }
  }
}

/** Blanks, comments and the ends of lines that go on. */
const BLANKS = /(?:[^\S\n]|\\\n|#[^\n]*)+/y;

/** @returns Whether a blank, a comment or a joined line stood here. */
function skipBlanks(cursor: ShellCursor): boolean {
  if (!matchAt(cursor, BLANKS)) return false;
  take(cursor, BLANKS.lastIndex);
  return true;
}

function readWord(cursor: ShellCursor): ShellWord {
  const { line, at: start } = cursor;
  const groups = matchAt(cursor, TARGET)?.groups;
  if (groups) take(cursor, TARGET.lastIndex);
  const parts: WordPart[] = [];
  while (cursor.at < cursor.text.length && !WORD_END.test(cursor.text[cursor.at] ?? '')) {
    parts.push(...readPiece(cursor));
  }
  const raw = cursor.text.slice(start, cursor.at);
  if (groups === undefined) return { kind: 'word', line, raw, parts };
  const { name = '', index, append } = groups;
  const target = {
    name,
    isAppending: append !== undefined,
    ...(index === undefined ? {} : { index }),
  };
  return { kind: 'word', line, raw, target, parts };
}
