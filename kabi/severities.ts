import { quoteExcerpt, SeveritiesParseError } from '../model/parse-errors.ts';
import { compileGlob, type Glob, matchesGlob } from './glob.ts';

/** One rule of `kabi/severities`. */
export interface SeverityRule {
  /** What the pattern is matched with. */
  readonly subject: 'symbol' | 'module' | 'namespace';
  readonly glob: Glob;
  /** `PASS`: changes are allowed; `FAIL`: they are not. */
  readonly isTolerated: boolean;
}

/** Which symbol changed, and where it was exported before. */
export interface ChangedSymbol {
  readonly symbol: string;
  /** `vmlinux` or a path without `.ko`, e.g. `drivers/nvme/host/nvme-core`. */
  readonly module: string;
  /** Empty for none. */
  readonly namespace: string;
}

const TEXT_LENGTH_LIMIT = 1024 * 1024;
const RULE_LIMIT = 10_000;
const PATTERN_LENGTH_LIMIT = 256;
const PATTERN = /^[\x21-\x7e]+$/;

/**
 * Parses SUSE's `kabi/severities`, which tells what changes of the kABI are allowed.
 *
 * One rule a line, `drivers/staging/*	PASS`; what follows a `#` or the verdict is a comment. A pattern
 * with a slash, or `vmlinux`, is matched with the module that exports a symbol; one without any small
 * letter with the namespace (`*` therefore takes all, since it matches an empty one); all others with
 * the symbol's name.
 *
 * @param text The whole file, some 100 rules.
 * @returns In the file's order, which decides; see {@link isTolerated}.
 * @throws {SeveritiesParseError} If a verdict is neither `PASS` nor `FAIL`, a pattern is over 256
 *   characters or has foreign ones, or there are too many. (kabi.pl passes over such lines with a
 *   warning; here a rule that was meant shall not be lost.)
 * @see SUSE's kernel-source, rpm/kabi.pl, load_rules()
 */
export function parseSeverities(text: string): readonly SeverityRule[] {
  if (text.length > TEXT_LENGTH_LIMIT) {
    const expected = `at most ${TEXT_LENGTH_LIMIT} characters`;
    throw new SeveritiesParseError(1, `expected ${expected}, found ${text.length}`);
  }
  const rules: SeverityRule[] = [];
  let line = 0;
  for (const content of text.split('\n')) {
    line += 1;
    const comment = content.indexOf('#');
    const words = (comment === -1 ? content : content.slice(0, comment)).trim();
    if (words === '') continue;
    if (rules.length >= RULE_LIMIT) {
      throw new SeveritiesParseError(line, `expected at most ${RULE_LIMIT} rules, found more`);
    }
    rules.push(parseRule(words, line));
  }
  return rules;
}

/**
 * Whether rules allow a symbol to change: the first that matches decides, without one it may not.
 *
 * @see SUSE's kernel-source, rpm/kabi.pl, kabi_change()
 */
export function isTolerated(rules: readonly SeverityRule[], changed: ChangedSymbol): boolean {
  const rule = rules.find(({ subject, glob }) => matchesGlob(glob, changed[subject]));
  return rule?.isTolerated ?? false;
}

function parseRule(words: string, line: number): SeverityRule {
  const [pattern = '', verdict = ''] = words.split(/\s+/, 2);
  if (pattern.length > PATTERN_LENGTH_LIMIT || !PATTERN.test(pattern)) {
    const expected = `a pattern of at most ${PATTERN_LENGTH_LIMIT} visible ASCII characters`;
    throw new SeveritiesParseError(line, `expected ${expected}, found ${quoteExcerpt(pattern)}`);
  }
  return {
    subject: subjectOf(pattern),
    glob: compileGlob(pattern),
    isTolerated: requireVerdict(verdict, line) === 'PASS',
  };
}

function subjectOf(pattern: string): SeverityRule['subject'] {
  if (pattern.includes('/') || pattern === 'vmlinux') return 'module';
  return pattern === pattern.toUpperCase() ? 'namespace' : 'symbol';
}

function requireVerdict(word: string, line: number): 'PASS' | 'FAIL' {
  const verdict = word.toUpperCase();
  if (verdict !== 'PASS' && verdict !== 'FAIL') {
    throw new SeveritiesParseError(line, `expected PASS or FAIL, found ${quoteExcerpt(word)}`);
  }
  return verdict;
}
