import { quoteExcerpt, SpecParseError } from '../model/parse-errors.ts';
import type { Dialect } from './dialects/dialect.ts';
import { elrepo } from './dialects/elrepo.ts';
import { elrepo7 } from './dialects/elrepo7.ts';
import { kmodtool } from './dialects/kmodtool.ts';
import { rhelKmp } from './dialects/rhel-kmp.ts';

export type { Dialect, TargetKernel } from './dialects/dialect.ts';

/** The surest marks first: the first that matches is taken. */
const DIALECTS: readonly Dialect[] = [kmodtool, elrepo, elrepo7, rhelKmp];

const SPEC_LENGTH_LIMIT = 4 * 1024 * 1024;
/** What ends the main preamble; scriptlets and the like come after one of these. */
const SECTION = /^\s*%(?:package|description|prep|build|install|check|files|changelog)\b/;
const RELEASE_LINE = /^(?<head>[ \t]*release[ \t]*:[ \t]*)(?<value>\S[^\r]*)(?<end>\r?)$/i;
const AUTORELEASE = /^%autorelease(?<options>\s[^{}]*)?$/;
const SUFFIX = /^\.[A-Za-z0-9._+~^]+$/;
const KERNEL_RELEASE = /^[A-Za-z0-9][A-Za-z0-9._+~^-]{0,127}$/;

/** Finds the dialect that a spec is written in; undefined if it has the marks of none. */
export function detectDialect(specText: string): Dialect | undefined {
  if (specText.length > SPEC_LENGTH_LIMIT) return undefined;
  return DIALECTS.find((dialect) => dialect.matches(specText));
}

/** Finds a dialect by name, e.g. `elrepo`; undefined if there is none. */
export function findDialect(name: string): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.name === name);
}

/** Lists the names that {@link findDialect} knows. */
export function dialectNames(): readonly string[] {
  return DIALECTS.map((dialect) => dialect.name);
}

/**
 * Appends to the Release of a spec: `Release: 1%{?dist}` becomes `Release: 1%{?dist}.k6.1.0.b1`.
 *
 * Every `Release:` of the main preamble gets it, as they are branches of `%if`. A bare `%autorelease`
 * is put into braces, or else the suffix would be its argument.
 *
 * @param suffix Starts with a dot; see {@link releaseSuffix}.
 * @throws {SpecParseError} If the preamble has no `Release:`, one whose value is not one word, or the
 *   suffix is no legal release text.
 */
export function appendRelease(specText: string, suffix: string): string {
  if (!SUFFIX.test(suffix)) {
    throw new SpecParseError(`expected a release suffix, found ${quoteExcerpt(suffix)}`);
  }
  if (specText.length > SPEC_LENGTH_LIMIT) {
    const found = specText.length;
    throw new SpecParseError(`expected at most ${SPEC_LENGTH_LIMIT} characters, found ${found}`);
  }
  const lines = specText.split('\n');
  const section = lines.findIndex((line) => SECTION.test(line));
  const preambleEnd = section === -1 ? lines.length : section;
  let isContinued = false;
  let count = 0;
  const rewritten = lines.map((line, i) => {
    const groups = i < preambleEnd && !isContinued ? RELEASE_LINE.exec(line)?.groups : undefined;
    isContinued = line.endsWith('\\');
    if (groups === undefined) return line;
    count += 1;
    const { head = '', value = '', end = '' } = groups;
    return `${head}${requireOneWord(value.trimEnd())}${suffix}${end}`;
  });
  if (count === 0) throw new SpecParseError('expected a "Release:" in the preamble, found none');
  return rewritten.join('\n');
}

/**
 * Makes the text that a rebuilt package's Release ends with, e.g. `.k6.1.0_54_amd64.b1`.
 *
 * Under rpm's comparison it grows with the kernel and then with the build number. The `b` is there
 * for kernels of which one is the beginning of the other, such as `…-54` and `…-54.1`: letters are
 * older than digits, whatever the build number.
 *
 * @throws {SpecParseError} If the kernel release holds what a Release may not, or the build number
 *   is no positive whole number.
 */
export function releaseSuffix(build: {
  /** `uname -r`. */
  readonly release: string;
  readonly buildNumber: number;
}): string {
  const { release, buildNumber } = build;
  if (!KERNEL_RELEASE.test(release)) {
    throw new SpecParseError(`expected a kernel release, found ${quoteExcerpt(release)}`);
  }
  if (!Number.isSafeInteger(buildNumber) || buildNumber < 1) {
    throw new SpecParseError(`expected a build number from 1, found ${buildNumber}`);
  }
  return `.k${release.replaceAll('-', '_')}.b${buildNumber}`;
}

/** A blank may stand in macro braces only; elsewhere rpm refuses it, or a macro would take more. */
function requireOneWord(value: string): string {
  const autorelease = AUTORELEASE.exec(value);
  if (autorelease) return `%{autorelease${(autorelease.groups?.options ?? '').trimEnd()}}`;
  let depth = 0;
  for (const character of value) {
    if (character === '{' || character === '(') depth += 1;
    else if (character === '}' || character === ')') depth -= 1;
    else if (depth === 0 && /\s/.test(character)) {
      throw new SpecParseError(`expected a Release of one word, found ${quoteExcerpt(value)}`);
    }
  }
  return value;
}
