import { SpecParseError } from '../model/parse-errors.ts';

/** A line as rpm reads it, with what it joins because of a backslash or an open `%{`, `%(` or `%[`. */
export interface SpecLine {
  /** Counted from 1, of its first line in the file. */
  readonly number: number;
  /** Holds newlines where lines are joined; a carriage return at the end stays. */
  readonly text: string;
}

const SPEC_LENGTH_LIMIT = 4 * 1024 * 1024;

/** How many braces, parentheses and brackets of macros are open. */
interface OpenMacros {
  braces: number;
  parentheses: number;
  brackets: number;
}

/**
 * Splits a spec into the lines that rpm expands as one. {@link joinSpecLines} gives the spec back.
 *
 * @throws {SpecParseError} If the spec is larger than 4 MiB.
 * @see rpm 4.18 build/parseSpec.c, copyNextLineFromOFI()
 */
export function readSpecLines(specText: string): readonly SpecLine[] {
  if (specText.length > SPEC_LENGTH_LIMIT) {
    const found = specText.length;
    throw new SpecParseError(`expected at most ${SPEC_LENGTH_LIMIT} characters, found ${found}`);
  }
  const open: OpenMacros = { braces: 0, parentheses: 0, brackets: 0 };
  const lines: SpecLine[] = [];
  let pending: string[] = [];
  let number = 1;
  for (const line of specText.split('\n')) {
    pending.push(line);
    const isContinued = countOpen(line, open);
    if (isContinued || open.braces + open.parentheses + open.brackets > 0) continue;
    lines.push({ number, text: pending.join('\n') });
    number += pending.length;
    pending = [];
  }
  if (pending.length > 0) lines.push({ number, text: pending.join('\n') });
  return lines;
}

/** Writes lines as one text again. */
export function joinSpecLines(lines: readonly SpecLine[]): string {
  return lines.map(({ text }) => text).join('\n');
}

/** Drops comments and the change log: what they mention is no mark of a dialect. */
export function effectiveLines(specText: string): string {
  const lines = specText.split('\n');
  const changelog = lines.findIndex((line) => /^%changelog\b/.test(line));
  return (changelog === -1 ? lines : lines.slice(0, changelog))
    .filter((line) => !/^\s*#/.test(line))
    .join('\n');
}

/** Counts on through one line; tells whether a backslash ends it. */
function countOpen(line: string, open: OpenMacros): boolean {
  let i = 0;
  while (i < line.length) {
    const character = line[i];
    if (character === '\\' && i + 1 === line.length) return true;
    if (character === '\\') i += 2;
    else if (character === '%') i += countMacro(line[i + 1], open);
    else i += countPlain(character, open);
  }
  return false;
}

/** Returns how many characters it took. */
function countMacro(next: string | undefined, open: OpenMacros): 1 | 2 {
  if (next === '{') open.braces += 1;
  else if (next === '(') open.parentheses += 1;
  else if (next === '[') open.brackets += 1;
  else if (next !== '%') return 1;
  return 2;
}

/** Outside of a macro they open and close nothing. */
function countPlain(character: string | undefined, open: OpenMacros): 1 {
  if (open.braces > 0) open.braces += stepOf(character, '{', '}');
  if (open.parentheses > 0) open.parentheses += stepOf(character, '(', ')');
  if (open.brackets > 0) open.brackets += stepOf(character, '[', ']');
  return 1;
}

function stepOf(character: string | undefined, opener: string, closer: string): -1 | 0 | 1 {
  if (character === opener) return 1;
  return character === closer ? -1 : 0;
}
