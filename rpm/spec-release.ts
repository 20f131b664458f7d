import { quoteExcerpt, SpecParseError } from '../model/parse-errors.ts';
import { namesSourcesByRelease } from './source-names.ts';
import { joinSpecLines, readSpecLines } from './spec-lines.ts';

/** What ends a preamble; scriptlets and the like come after one of these. */
const SECTION = /^\s*%(?:description|prep|build|install|check|files|changelog)\b/;
const SUB_PACKAGE = /^\s*%package\b/;
const RELEASE_LINE = /^(?<head>[ \t]*release[ \t]*:[ \t]*)(?<value>[^\s][\s\S]*)$/i;
/** Where the distribution's mark ends a Release. */
const DIST = /%\{?\??dist\}?$/;
const AUTORELEASE = /^%autorelease(?<options>[ \t][^\n]*)?$/;
const SUFFIX = /^\.[A-Za-z0-9._+~^]+$/;
const KERNEL_RELEASE = /^[A-Za-z0-9][A-Za-z0-9._+~^-]{0,127}$/;

/**
 * Appends to the Release of a spec: `Release: 1%{?dist}` becomes `Release: 1%{?dist}.k6.1.0.b1`.
 *
 * Every `Release:` gets it: they are branches of `%if`, or of sub-packages that have one of their own
 * and would else be two different packages of one name. A bare `%autorelease` is put into braces, or
 * else the suffix would be its argument. Lines keep their numbers.
 *
 * @param suffix Starts with a dot; see {@link releaseSuffix}.
 * @throws {SpecParseError} If the main preamble has no `Release:`, one has a value that is not one
 *   word, or the suffix is no legal release text.
 */
export function appendRelease(specText: string, suffix: string): string {
  if (!SUFFIX.test(suffix)) {
    throw new SpecParseError(`expected a release suffix, found ${quoteExcerpt(suffix)}`);
  }
  const append = namesSourcesByRelease(specText) ? appendToDist : appendToValue;
  let place: 'main' | 'sub-package' | 'section' = 'main';
  let mainCount = 0;
  const lines = readSpecLines(specText).map((line) => {
    if (SUB_PACKAGE.test(line.text)) place = 'sub-package';
    else if (SECTION.test(line.text)) place = 'section';
    const groups = place === 'section' ? undefined : RELEASE_LINE.exec(line.text)?.groups;
    if (groups === undefined) return line;
    if (place === 'main') mainCount += 1;
    const { head = '', value = '' } = groups;
    const end = value.endsWith('\r') ? '\r' : '';
    return { ...line, text: `${append(head, requireOneWord(value.trimEnd()), suffix)}${end}` };
  });
  if (mainCount === 0) {
    throw new SpecParseError('expected a "Release:" in the preamble, found none');
  }
  return joinSpecLines(lines);
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

function appendToValue(head: string, value: string, suffix: string): string {
  return `${head}${value}${suffix}`;
}

/**
 * What cuts `%{?dist}` off a Release to get at the sources then cuts off the suffix with it. Once for
 * all lines, whichever branch of `%if` comes first.
 */
function appendToDist(head: string, value: string, suffix: string): string {
  if (!DIST.test(value)) return appendToValue(head, value, suffix);
  const steps = ['rekmod_suffix ', 'dist %{?dist}'].map(
    (macro) => `%{expand:%%global ${macro}${suffix}}`,
  );
  return `%{!?rekmod_suffix:${steps.join('')}}${head}${value}`;
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
