/** Marks of a line that says why a build failed. */
const ERROR_MARKS: readonly RegExp[] = [
  /\berror: /i,
  /^(?:ERROR|FATAL): modpost:/,
  /\bis needed by\b/,
  /^No match(?:ing package to install| for argument): /,
];

/** Marks that harmless lines bear too: a Makefile looks for much that is not there. */
const WEAK_MARKS: readonly RegExp[] = [
  /\*\*\* .*(?:Stop|Error)/,
  /: (?:command )?not found$/,
  /No such file or directory$/,
];

/** Lines that bear a mark and say nothing: commands that rpmbuild and kbuild show, and headings. */
const NOISE: readonly RegExp[] = [
  /^\++ /,
  /^echo /,
  // What a configure script tried, as ipt-netflow's shows it.
  /^\/\/ /,
  /^error: (?:Bad exit status|Failed build dependencies)/,
  // What mock puts before dnf's own words.
  /^ERROR: (?:Exception\(|Command failed)/,
];

const MAX_LINE_LENGTH = 300;

/**
 * Finds the line of a build log that a person would point at: the earliest that bears a sure mark,
 * else the earliest with a weak one.
 *
 * @returns That line without colour codes, its paths from the source's folder on, cut to 300 characters;
 *   undefined when none stands out.
 */
export function findFirstError(log: string): string | undefined {
  let weak: string | undefined;
  for (const line of readLines(log)) {
    if (bears(line, ERROR_MARKS)) return toShown(line);
    if (bears(line, WEAK_MARKS)) weak ??= toShown(line);
  }
  return weak;
}

/**
 * Finds the first lines of a build log that bear a sure mark, as {@link findFirstError} does; many of
 * them may follow from the first.
 *
 * @returns In the log's order, at most `limit`, each cut to 300 characters.
 */
export function findErrors(log: string, limit: number): readonly string[] {
  const errors: string[] = [];
  for (const line of readLines(log)) {
    if (!bears(line, ERROR_MARKS)) continue;
    if (errors.push(toShown(line)) >= limit) break;
  }
  return errors;
}

/** rpmbuild's folder of unpacked sources, and the link to itself that a converted DKMS source has there. */
const BUILD_FOLDERS =
  /(?:\/[^\s/:]+)*\/BUILD\/|\/\.dkms\/[^\s/:]+\/[^\s/:]+\/(?:build|source)(?=\/)/g;
const UP_AND_DOWN = /(?<=^|[\s/])(?!\.\.?\/)[^\s/:]+\/\.\.\//;

/** A status page has room for half a line, and who reads it does not know the builder's folders. */
function toShown(line: string): string {
  let shown = line.replace(BUILD_FOLDERS, '');
  while (UP_AND_DOWN.test(shown)) shown = shown.replace(UP_AND_DOWN, '');
  return shown.slice(0, MAX_LINE_LENGTH);
}

/** The lines that may say something, without colour codes. */
function* readLines(log: string): Iterable<string> {
  for (let start = 0; start < log.length; ) {
    const newline = log.indexOf('\n', start);
    const end = newline === -1 ? log.length : newline;
    // The longest marks are within a short line; a megabyte without a newline is not worth matching.
    const raw = log.slice(start, Math.min(end, start + 2 * MAX_LINE_LENGTH));
    const line = stripControls(raw).trim();
    if (!bears(line, NOISE)) yield line;
    start = end + 1;
  }
}

function bears(line: string, marks: readonly RegExp[]): boolean {
  return marks.some((mark) => mark.test(line));
}

function stripControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is removed
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}
