import type { CellState } from '../model/cell-state.ts';

/** How text for a terminal is written. */
export interface TerminalStyle {
  /** Width of the terminal in characters, e.g. 80. */
  readonly columns: number;
  /** Whether ANSI colours are understood. */
  readonly color: boolean;
  /** Plain ASCII instead of glyphs, for terminals and logs that have nothing else. */
  readonly ascii?: boolean;
}

/** ANSI colours that read on light and dark grounds. */
export type Tone = 'good' | 'bad' | 'busy' | 'muted' | 'strong';

const TONE_CODES: Readonly<Record<Tone, string>> = {
  good: '32',
  bad: '31',
  busy: '33',
  muted: '2',
  strong: '1',
};

/** The tone of every state. */
export const STATE_TONES: Readonly<Record<CellState, Tone>> = {
  kept: 'good',
  built: 'good',
  withheld: 'bad',
  running: 'busy',
  waiting: 'busy',
  failed: 'bad',
  blocked: 'bad',
  excluded: 'muted',
  cancelled: 'muted',
  unknown: 'muted',
};

/** Colours text where colours are wanted. The text itself must be clean (`cleanText`). */
export function paint(text: string, tone: Tone, color: boolean): string {
  return color ? `\u001b[${TONE_CODES[tone]}m${text}\u001b[0m` : text;
}

/** Cuts or fills up text to a width; wide characters count as one. */
export function fit(text: string, width: number): string {
  const characters = [...text];
  if (characters.length > width) return `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
  return text + ' '.repeat(width - characters.length);
}

/** Breaks a clean sentence into lines of at most a width; later ones are indented by two. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const indent = lines.length === 0 ? '' : '  ';
    if (line !== '' && [...line].length + 1 + [...word].length > width) {
      lines.push(line);
      line = `  ${word}`;
    } else {
      line = line === '' ? indent + word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
