/** Marks of the line that says why a build failed; the earliest line that bears one is taken. */
const ERROR_MARKS: readonly RegExp[] = [
  /\berror: (?!Bad exit status)/i,
  /^ERROR: modpost:/,
  /\bfatal error:/i,
  /\*\*\* .*(?:Stop|Error)/,
  /\bis needed by\b/,
  /No such file or directory$/,
];

const MAX_LINE_LENGTH = 300;

/**
 * Finds the line of a build log that a person would point at.
 *
 * @returns That line without colour codes, cut to 300 characters; undefined when none stands out.
 */
export function findFirstError(log: string): string | undefined {
  for (const raw of log.split('\n')) {
    // The longest marks are within a short line; a megabyte without a newline is not worth matching.
    const line = stripControls(raw.slice(0, 2 * MAX_LINE_LENGTH)).trim();
    if (ERROR_MARKS.some((mark) => mark.test(line))) return line.slice(0, MAX_LINE_LENGTH);
  }
  return undefined;
}

function stripControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is removed
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}
