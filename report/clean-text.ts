/** Names and reasons longer than this are cut; a page stays readable whatever a spec is called. */
const DEFAULT_MAX_LENGTH = 200;

/**
 * Control characters (terminal escapes among them), format characters (marks of direction, zero
 * width), lone surrogates and the two Unicode line breaks.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;

/**
 * Makes text from outside safe to show on one line: invisible characters become `\u{1b}` and the
 * like, runs of white space one space, and what is too long is cut with `…`.
 *
 * Kmod names, symbol names and error lines come from specs, modules and compilers that anybody may
 * have written.
 */
export function cleanText(text: string, maxLength: number = DEFAULT_MAX_LENGTH): string {
  // Cut first: replacing in 10 MB of text that nobody sees is work for nothing.
  const head = text.slice(0, maxLength * 2).replace(/[\t\n\r ]+/gu, ' ');
  const clean = head.trim().replace(INVISIBLE, escapeCharacter);
  const characters = [...clean];
  const isWhole = characters.length <= maxLength && text.length <= maxLength * 2;
  return isWhole ? clean : `${characters.slice(0, maxLength - 1).join('')}…`;
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** As {@link INVISIBLE}, but for the ends of lines and tabs. */
const INVISIBLE_IN_LOGS = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;

/** Makes a log from outside safe to show in a terminal, piece by piece. */
export interface LogCleaner {
  /** @returns The next piece: invisible characters as `\u{1b}` and the like, and plain ends of lines. */
  clean(chunk: Uint8Array): string;
}

/**
 * Opens a cleaner of one log. A compiler's own words may say what its source says, so no colour, title
 * or link gets through, and nothing that writes over a line that stands already.
 */
export function openLogCleaner(): LogCleaner {
  const decoder = new TextDecoder();
  let held = '';
  return {
    clean(chunk) {
      const text = held + decoder.decode(chunk, { stream: true });
      // Its newline may come with the next piece.
      held = text.endsWith('\r') ? '\r' : '';
      return text
        .slice(0, text.length - held.length)
        .replace(/\r+\n?/g, '\n')
        .replace(INVISIBLE_IN_LOGS, escapeCharacter);
    },
  };
}
