/** What stands between the brackets of a regular expression. */
export interface EreBrackets {
  readonly has: (character: string) => boolean;
  /** The position behind the closing bracket. */
  readonly end: number;
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alpha: /[A-Za-z]/,
  digit: /[0-9]/,
  alnum: /[A-Za-z0-9]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  space: /\s/,
  blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/,
  xdigit: /[0-9A-Fa-f]/,
};
/** A class, a range, or one character; `[.` and `[=` are collating symbols. */
const ELEMENT = /\[:(?<name>[a-z]+):\]|(?<first>[^[]|\[(?![.:=]))(?:-(?<last>[^\]]))?/sy;

/**
 * Reads a bracket expression, e.g. `[0-9]`, `[^[:space:]]`, `[]x]`.
 *
 * @param start The position behind the opening bracket.
 * @returns undefined for one that is malformed or holds collating symbols.
 * @see POSIX.1-2017, 9.3.5 RE Bracket Expression
 */
export function readBrackets(pattern: string, start: number): EreBrackets | undefined {
  const isNegated = pattern[start] === '^';
  const first = isNegated ? start + 1 : start;
  const tests: ((character: string) => boolean)[] = [];
  let at = first;
  // A closing bracket is an element where it is the first.
  while (pattern[at] !== ']' || at === first) {
    ELEMENT.lastIndex = at;
    const test = toTest(ELEMENT.exec(pattern)?.groups);
    if (test === undefined) return undefined;
    tests.push(test);
    at = ELEMENT.lastIndex;
  }
  return { has: (found) => tests.some((test) => test(found)) !== isNegated, end: at + 1 };
}

function toTest(
  groups: Readonly<Record<string, string | undefined>> | undefined,
): ((character: string) => boolean) | undefined {
  const { name, first, last } = groups ?? {};
  if (name !== undefined) {
    const named = CLASSES[name];
    return named && ((found) => named.test(found));
  }
  if (first === undefined || (last !== undefined && last < first)) return undefined;
  return (found) => found >= first && found <= (last ?? first);
}
