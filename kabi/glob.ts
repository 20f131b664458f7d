/** A compiled pattern, see {@link compileGlob}. */
export type Glob = readonly GlobToken[];

/** What stands for any text, or what one character is matched with. */
type GlobToken = 'any-text' | CharacterClass;

interface CharacterClass {
  readonly isNegated: boolean;
  /** Code units, both ends included. */
  readonly ranges: readonly (readonly [first: number, last: number])[];
}

const ANY_CHARACTER: CharacterClass = { isNegated: true, ranges: [] };

/**
 * Compiles a shell pattern: `*` any text, also across `/`; `?` one character; `[ab]`, `[a-z]`, `[!a]`,
 * `[^a]` one of a class. A bracket without end stands for itself. There is no escape character.
 *
 * @param pattern E.g. `drivers/nvme/host/*`, `__SC[KT]__tp_func_*`.
 */
export function compileGlob(pattern: string): Glob {
  const tokens: GlobToken[] = [];
  for (let at = 0; at < pattern.length; ) {
    const found = compileClass(pattern, at);
    if (pattern[at] === '*') {
      if (tokens.at(-1) !== 'any-text') tokens.push('any-text');
    } else if (pattern[at] === '?') tokens.push(ANY_CHARACTER);
    else tokens.push(found?.token ?? literal(pattern.charCodeAt(at)));
    at = found?.end ?? at + 1;
  }
  return tokens;
}

/**
 * Matches a whole text with a pattern.
 *
 * Only the last `*` is ever tried again, so the work is bounded by the product of both lengths
 * whatever the pattern is; a regular expression's is not.
 */
export function matchesGlob(glob: Glob, text: string): boolean {
  let token = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const wanted = glob[token];
    if (wanted === 'any-text') {
      star = token;
      starAt = at;
      token += 1;
    } else if (wanted !== undefined && accepts(wanted, text.charCodeAt(at))) {
      token += 1;
      at += 1;
    } else if (star !== -1) {
      starAt += 1;
      at = starAt;
      token = star + 1;
    } else return false;
  }
  return token === glob.length || (token === glob.length - 1 && glob[token] === 'any-text');
}

function accepts({ isNegated, ranges }: CharacterClass, code: number): boolean {
  return isNegated !== ranges.some(([first, last]) => first <= code && code <= last);
}

function literal(code: number): CharacterClass {
  return { isNegated: false, ranges: [[code, code]] };
}

/** Reads `[…]`; a `]` that comes first belongs to the class. */
function compileClass(
  pattern: string,
  start: number,
): { readonly token: CharacterClass; readonly end: number } | undefined {
  if (pattern[start] !== '[') return undefined;
  const isNegated = pattern[start + 1] === '!' || pattern[start + 1] === '^';
  const first = start + (isNegated ? 2 : 1);
  const end = pattern.indexOf(']', first + 1);
  if (end === -1) return undefined;
  const ranges: (readonly [number, number])[] = [];
  for (let at = first; at < end; ) {
    const isRange = pattern[at + 1] === '-' && at + 2 < end;
    const last = isRange ? at + 2 : at;
    ranges.push([pattern.charCodeAt(at), pattern.charCodeAt(last)]);
    at = last + 1;
  }
  return { token: { isNegated, ranges }, end: end + 1 };
}
