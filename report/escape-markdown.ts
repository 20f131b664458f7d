import { cleanText } from './clean-text.ts';

/**
 * Escapes text for one line or table cell of Markdown, so that it can neither format, link nor add
 * HTML, columns or rows.
 */
export function escapeMarkdown(text: string, maxLength?: number): string {
  return cleanText(text, maxLength)
    .replace(/[\\`*_{}[\]()<>#+!|~&@]/gu, (mark) =>
      // Entities where renderers differ about backslashes: in tables, before HTML, in addresses.
      '<>&|@'.includes(mark) ? `&#${mark.charCodeAt(0)};` : `\\${mark}`,
    )
    .replaceAll('://', '&#58;//')
    .replace(/www\./giu, (prefix) => `${prefix.slice(0, -1)}&#46;`);
}
