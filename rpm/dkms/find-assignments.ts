import type { ShellToken, ShellWord } from './tokenize.ts';

/** One assignment, e.g. `MAKE[0]="make modules"`. */
export interface Assignment {
  readonly word: ShellWord;
  /** Of `NAME=(a b c)`. */
  readonly elements?: readonly ShellWord[];
}

const DECLARERS = new Set(['export', 'readonly', 'declare', 'typeset', 'local']);

/**
 * Finds the assignments that a command consists of.
 *
 * @returns They and the index of what ends the command; undefined if it is more than assignments.
 */
export function findAssignments(
  tokens: readonly ShellToken[],
  start: number,
): { readonly list: readonly Assignment[]; readonly end: number } | undefined {
  const list: Assignment[] = [];
  const first = tokens[start];
  const isDeclared = first?.kind === 'word' && DECLARERS.has(first.raw);
  let at = isDeclared ? start + 1 : start;
  for (; !isCommandEnd(tokens[at]); at += 1) {
    const token = tokens[at];
    const isAssignment = token?.kind === 'word' && token.target !== undefined;
    // `export NAME` and `declare -a NAME` say nothing of a value.
    if (!isAssignment && isDeclared && token?.kind === 'word') continue;
    if (!isAssignment) return undefined;
    const array = findElements(tokens, at);
    list.push(array ? { word: token, elements: array.elements } : { word: token });
    at = array?.end ?? at;
  }
  return list.length > 0 || isDeclared ? { list, end: at } : undefined;
}

/** Tells whether a token ends a command; so does the end of the file. */
export function isCommandEnd(token: ShellToken | undefined): boolean {
  return token === undefined || (token.kind === 'operator' && ['\n', ';'].includes(token.text));
}

/** The words of an array's brackets; undefined if the assignment has none. */
function findElements(
  tokens: readonly ShellToken[],
  at: number,
): { readonly elements: readonly ShellWord[]; readonly end: number } | undefined {
  const open = tokens[at + 1];
  if (open?.kind !== 'operator' || open.text !== '(' || !open.isAdjacent) return undefined;
  const elements: ShellWord[] = [];
  for (let i = at + 2; i < tokens.length; i += 1) {
    const token = tokens[i];
    if (token?.kind === 'word') elements.push(token);
    else if (token?.text === ')') return { elements, end: i };
    else if (token?.text !== '\n') return undefined;
  }
  return undefined;
}
