import { quoteExcerpt, StablelistParseError } from '../model/parse-errors.ts';

const TEXT_LENGTH_LIMIT = 16 * 1024 * 1024;
const LINE_LENGTH_LIMIT = 4096;
const SYMBOL_LIMIT = 1_000_000;
/** E.g. `[rhel9_x86_64_stablelist]`, Oracle's `[ol10_x86_64_whitelist]`. */
const SECTION = /^\[[\x21-\x5c\x5e-\x7e]{1,128}\]$/;
/** A name on its own, behind a tab. */
const LISTED_SYMBOL = /^[\t ]+(?<symbol>[\x21-\x7e]{1,512})$/;
/** The start of a row of `Module.symvers`. */
const SYMVERS_ROW = /^0x[0-9a-fA-F]{1,8}\t(?<symbol>[\x21-\x7e]{1,512})\t/;

/** How the lines of a list are written. */
interface ListForm {
  readonly expected: string;
  readonly line: RegExp;
}
const SYMBOL_LINES: ListForm = {
  expected: 'a symbol behind a tab',
  line: LISTED_SYMBOL,
};
const SYMVERS_ROWS: ListForm = {
  expected: 'a CRC, a symbol and a module, separated by tabs',
  line: SYMVERS_ROW,
};

/**
 * Parses a list of symbols that a distribution promises to keep stable, in either of its two forms;
 * the first line with content decides which.
 *
 * - `kabi_stablelist_<arch>` of Red Hat, and Oracle's `kabi_lockedlist_<arch>`: sections such as
 *   `[rhel9_x86_64_stablelist]` (or none), then a line `<tab>symbol` each.
 * - `Module.kabi_<arch>`: rows of `Module.symvers`, of which the symbol is taken.
 *
 * Blank lines and lines that start with `#` are passed over.
 *
 * @param text The whole file; 700 to 1,800 symbols. RHEL 9.0's list had none.
 * @returns The symbols of all sections.
 * @throws {StablelistParseError} If a line follows another form, or the last one is cut short.
 * @see Red Hat's kernel sources, redhat/kabi/show-kabi; kernel-srpm-macros, find-requires.ksyms
 */
export function parseStablelist(text: string): ReadonlySet<string> {
  if (text.length > TEXT_LENGTH_LIMIT) {
    const expected = `at most ${TEXT_LENGTH_LIMIT} characters`;
    throw new StablelistParseError(1, `expected ${expected}, found ${text.length}`);
  }
  const symbols = new Set<string>();
  let form: ListForm | undefined;
  let line = 0;
  for (let start = 0; start < text.length; ) {
    line += 1;
    const end = text.indexOf('\n', start);
    if (end === -1)
      throw new StablelistParseError(line, 'expected a newline, found the end of file');
    const content = boundLine(text.slice(start, end), line);
    start = end + 1;
    if (content === '' || content.startsWith('#')) continue;
    form ??= content.startsWith('0x') ? SYMVERS_ROWS : SYMBOL_LINES;
    if (form === SYMBOL_LINES && SECTION.test(content)) continue;
    addSymbol(symbols, requireSymbol(form, content, line), line);
  }
  return symbols;
}

/** Without blanks at the end. */
function boundLine(text: string, line: number): string {
  if (text.length > LINE_LENGTH_LIMIT) {
    const expected = `at most ${LINE_LENGTH_LIMIT} characters`;
    throw new StablelistParseError(line, `expected ${expected}, found ${text.length}`);
  }
  return text.trimEnd();
}

function requireSymbol({ expected, line: pattern }: ListForm, content: string, line: number) {
  const symbol = pattern.exec(content)?.groups?.symbol;
  if (symbol === undefined) {
    throw new StablelistParseError(line, `expected ${expected}, found ${quoteExcerpt(content)}`);
  }
  return symbol;
}

function addSymbol(symbols: Set<string>, symbol: string, line: number): void {
  if (symbols.size >= SYMBOL_LIMIT) {
    throw new StablelistParseError(line, `expected at most ${SYMBOL_LIMIT} symbols, found more`);
  }
  symbols.add(symbol);
}
