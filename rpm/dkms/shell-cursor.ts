import { DkmsParseError, quoteExcerpt } from '../../model/parse-errors.ts';

/** A place in a bash file. */
export interface ShellCursor {
  readonly text: string;
  at: number;
  /** Counted from 1. */
  line: number;
}

/** A piece of a word: text, `$name`, or an expansion that only a shell can evaluate. */
export interface WordPart {
  readonly kind: 'text' | 'reference' | 'shell';
  /** The text, the name, or the expansion with its dollar or its backticks. */
  readonly text: string;
}

const NESTING_LIMIT = 64;
const NAME = /[A-Za-z_]\w*/y;
const BRACED_NAME = /\$\{([A-Za-z_]\w*)\}/y;
const SPECIAL = /\$[0-9@*#?!$-]/y;

/** Moves on to a position, counting lines, and gives what lies between. */
export function take(cursor: ShellCursor, end: number): string {
  const taken = cursor.text.slice(cursor.at, end);
  for (let i = taken.indexOf('\n'); i !== -1; i = taken.indexOf('\n', i + 1)) cursor.line += 1;
  cursor.at = end;
  return taken;
}

/** Matches a sticky pattern at the cursor, without moving on. */
export function matchAt({ text, at }: ShellCursor, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/**
 * Reads one character, quotation or expansion of a word.
 *
 * @throws {DkmsParseError} If it does not end.
 * @see bash(1), QUOTING and EXPANSION
 */
export function readPiece(cursor: ShellCursor): readonly WordPart[] {
  const { text, at } = cursor;
  switch (text[at]) {
    case "'":
      return [{ kind: 'text', text: readSingleQuoted(cursor, 1) }];
    case '"':
      return readDoubleQuoted(cursor);
    case '\\': {
      const escaped = take(cursor, Math.min(at + 2, text.length)).slice(1);
      return escaped === '\n' ? [] : [{ kind: 'text', text: escaped }];
    }
    case '$':
    case '`':
      return [readExpansion(cursor)];
    default:
      return [{ kind: 'text', text: take(cursor, at + 1) }];
  }
}

/** Reads `'…'` (one character before the text) or `$'…'` (two). */
function readSingleQuoted(cursor: ShellCursor, introLength: number): string {
  const end = cursor.text.indexOf("'", cursor.at + introLength);
  if (end === -1) throw new DkmsParseError("expected a closing ', found none", cursor.line);
  return take(cursor, end + 1).slice(introLength, -1);
}

function readDoubleQuoted(cursor: ShellCursor): readonly WordPart[] {
  const { line } = cursor;
  const parts: WordPart[] = [];
  take(cursor, cursor.at + 1);
  for (;;) {
    switch (cursor.text[cursor.at]) {
      case undefined:
        throw new DkmsParseError('expected a closing ", found none', line);
      case '"':
        take(cursor, cursor.at + 1);
        return parts;
      case '$':
      case '`':
        parts.push(readExpansion(cursor));
        break;
      case '\\':
        parts.push({ kind: 'text', text: readQuotedEscape(cursor) });
        break;
      default:
        parts.push({ kind: 'text', text: take(cursor, cursor.at + 1) });
    }
  }
}

/** In double quotes a backslash stays, unless it is before a line's end or one of four characters. */
function readQuotedEscape(cursor: ShellCursor): string {
  const following = cursor.text[cursor.at + 1] ?? '';
  if (following === '\n') return take(cursor, cursor.at + 2).slice(2);
  const isEscape = ['$', '`', '"', '\\'].includes(following);
  return isEscape ? take(cursor, cursor.at + 2).slice(1) : take(cursor, cursor.at + 1);
}

function readExpansion(cursor: ShellCursor): WordPart {
  const { text, at } = cursor;
  if (text[at] === '`') return { kind: 'shell', text: take(cursor, findBacktick(cursor)) };
  const braced = matchAt(cursor, BRACED_NAME)?.[1];
  if (braced !== undefined) {
    take(cursor, BRACED_NAME.lastIndex);
    return { kind: 'reference', text: braced };
  }
  if (text[at + 1] === '{' || text[at + 1] === '(') {
    return { kind: 'shell', text: take(cursor, findClosing(cursor)) };
  }
  if (text[at + 1] === "'") return { kind: 'text', text: readSingleQuoted(cursor, 2) };
  if (matchAt(cursor, SPECIAL)) return { kind: 'shell', text: take(cursor, at + 2) };
  take(cursor, at + 1);
  const name = matchAt(cursor, NAME)?.[0];
  if (name === undefined) return { kind: 'text', text: '$' };
  return { kind: 'reference', text: take(cursor, cursor.at + name.length) };
}

/** @returns The position behind the backtick that closes the one at the cursor. */
function findBacktick({ text, at, line }: ShellCursor): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '`') end += text[end] === '\\' ? 2 : 1;
  if (end >= text.length) throw new DkmsParseError('expected a closing `, found none', line);
  return end + 1;
}

const CLOSERS: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['{', '}'],
]);

/** @returns The position behind the bracket that closes `${` or `$(` at the cursor. */
function findClosing({ text, at, line }: ShellCursor): number {
  const closers: string[] = [];
  for (let position = at + 1; position < text.length; position += 1) {
    const character = text[position] ?? '';
    const closer = CLOSERS.get(character);
    if (character === '\\') position += 1;
    else if (character === "'") position = indexOrEnd(text, "'", position + 1);
    else if (closer !== undefined) closers.push(closer);
    else if (character === closers.at(-1)) closers.pop();
    if (closers.length === 0) return position + 1;
    if (closers.length > NESTING_LIMIT) break;
  }
  const found = quoteExcerpt(text.slice(at, at + 40));
  throw new DkmsParseError(`expected an expansion that ends, found ${found}`, line);
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const found = text.indexOf(wanted, from);
  return found === -1 ? text.length : found;
}
