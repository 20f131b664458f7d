import type { ExportedSymbol, ExportType, Symvers } from '../model/kabi.ts';
import { quoteExcerpt, SymversParseError } from '../model/parse-errors.ts';

const TEXT_LENGTH_LIMIT = 64 * 1024 * 1024;
const LINE_LENGTH_LIMIT = 4096;
const SYMBOL_LIMIT = 1_000_000;
const TAB = 9;
/** A line as modpost writes it since 5.4, the common case; whatever else comes is parsed with care. */
const COMMON_LINE =
  /0x([0-9a-fA-F]{1,8})\t([\x21-\x7e]+)\t([\x21-\x7e]+)\t(EXPORT_SYMBOL(?:_GPL)?)(?:\t([\x21-\x7e]*))?\t*\n/y;
const CRC = /^0x[0-9a-fA-F]{1,8}$/;
/** What no field may hold: control characters, blanks and whatever is not ASCII. */
const FOREIGN_CHARACTER = /[^\x21-\x7e]/;

/**
 * The words of the type column.
 *
 * The last three were written by kernels before 5.9 (RHEL 7 and 8, SLE 12 and 15) and have a clear
 * meaning there: `check_symbol()` of kernel/module.c refuses a module of another licence only for
 * `GPL_ONLY`; "unused" and "future" exports are given out with a warning.
 */
const EXPORT_TYPES: ReadonlyMap<string, ExportType> = new Map([
  ['EXPORT_SYMBOL', 'EXPORT_SYMBOL'],
  ['EXPORT_SYMBOL_GPL', 'EXPORT_SYMBOL_GPL'],
  ['EXPORT_UNUSED_SYMBOL', 'EXPORT_SYMBOL'],
  ['EXPORT_UNUSED_SYMBOL_GPL', 'EXPORT_SYMBOL_GPL'],
  ['EXPORT_SYMBOL_GPL_FUTURE', 'EXPORT_SYMBOL'],
]);

/**
 * Parses a kernel's `Module.symvers`.
 *
 * One line per exported symbol, tab-separated:
 * `0x13d0adf7	printk	vmlinux	EXPORT_SYMBOL	` (crc, symbol, module, export type, namespace).
 * Kernels before 5.4 write no fifth column; 5.4 and 5.5 write the namespace as the third one. Tabs at
 * the end of a line say nothing: an empty namespace, or none.
 *
 * @param text The whole file; 24,664 lines for Debian's 6.1.0-54-amd64. An empty text has no symbols.
 * @returns Symbols by name, in the file's order; a CRC of 0 means that the kernel has none for it.
 * @throws {SymversParseError} If a line follows none of the three forms, names an unknown export
 *   type (what it allows cannot be guessed), contradicts an earlier line, or is cut short.
 * @see Linux 6.1 scripts/mod/modpost.c, read_dump() and write_dump(); Linux 5.4 the same
 */
export function parseSymvers(text: string): Symvers {
  if (text.length > TEXT_LENGTH_LIMIT) {
    throw new SymversParseError(
      1,
      `expected at most ${TEXT_LENGTH_LIMIT} characters, found ${text.length}`,
    );
  }
  const symbols = new Map<string, ExportedSymbol>();
  let line = 0;
  for (let start = 0; start < text.length; ) {
    line += 1;
    const common = parseCommonLine(text, start);
    const end = common?.end ?? text.indexOf('\n', start) + 1;
    if (end === 0) throw new SymversParseError(line, 'expected a newline, found the end of file');
    addSymbol(symbols, common?.symbol ?? parseLine(text.slice(start, end - 1), line), line);
    start = end;
  }
  return symbols;
}

/** Reads a common line in half the time of {@link parseLine}; undefined if it may be another one. */
function parseCommonLine(
  text: string,
  start: number,
): { readonly symbol: ExportedSymbol; readonly end: number } | undefined {
  COMMON_LINE.lastIndex = start;
  const match = COMMON_LINE.exec(text);
  if (match === null || match[0].length > LINE_LENGTH_LIMIT) return undefined;
  const [line, crc = '', symbol = '', module = '', type = '', namespace = ''] = match;
  const exportType = EXPORT_TYPES.get(type);
  if (exportType === undefined || namespace.startsWith('EXPORT_')) return undefined;
  return {
    symbol: { symbol, crc: Number.parseInt(crc, 16), module, exportType, namespace },
    end: start + line.length,
  };
}

function addSymbol(symbols: Map<string, ExportedSymbol>, added: ExportedSymbol, line: number) {
  const known = symbols.get(added.symbol);
  if (known === undefined) {
    if (symbols.size >= SYMBOL_LIMIT) {
      throw new SymversParseError(line, `expected at most ${SYMBOL_LIMIT} symbols, found more`);
    }
    symbols.set(added.symbol, added);
  } else if (known.crc !== added.crc || known.module !== added.module) {
    const name = quoteExcerpt(added.symbol);
    throw new SymversParseError(line, `expected each symbol once, found ${name} twice`);
  }
}

function parseLine(untrimmed: string, line: number): ExportedSymbol {
  const text = trimTabs(untrimmed);
  if (text.length > LINE_LENGTH_LIMIT) {
    throw new SymversParseError(
      line,
      `expected at most ${LINE_LENGTH_LIMIT} characters, found ${text.length}`,
    );
  }
  const fields = text.split('\t', 6);
  if (fields.length !== 4 && fields.length !== 5) {
    const found = fields.length > 5 ? 'more' : fields.length;
    throw new SymversParseError(line, `expected 4 or 5 tab-separated fields, found ${found}`);
  }
  const [crc = '', symbol = '', third = '', fourth = '', fifth = ''] = fields;
  if (!CRC.test(crc)) {
    const found = quoteExcerpt(crc);
    throw new SymversParseError(line, `expected a CRC such as 0x13d0adf7, found ${found}`);
  }
  const hasNamespaceThird = fifth.startsWith('EXPORT_') && !fourth.startsWith('EXPORT_');
  const module = requireWord(hasNamespaceThird ? fourth : third, 'module', line);
  const namespace = hasNamespaceThird ? third : fifth;
  return {
    symbol: requireWord(symbol, 'symbol', line),
    crc: Number(crc),
    module,
    exportType: requireExportType(hasNamespaceThird ? fifth : fourth, line),
    namespace: namespace === '' ? '' : requireWord(namespace, 'namespace', line),
  };
}

function trimTabs(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === TAB) end -= 1;
  return text.slice(0, end);
}

function requireExportType(word: string, line: number): ExportType {
  const type = EXPORT_TYPES.get(word);
  if (type === undefined) {
    const expected = 'EXPORT_SYMBOL or EXPORT_SYMBOL_GPL';
    throw new SymversParseError(line, `expected ${expected}, found ${quoteExcerpt(word)}`);
  }
  return type;
}

function requireWord(text: string, what: string, line: number): string {
  if (text === '' || FOREIGN_CHARACTER.test(text)) {
    throw new SymversParseError(line, `expected a ${what}, found ${quoteExcerpt(text)}`);
  }
  return text;
}
