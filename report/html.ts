import { cleanText } from './clean-text.ts';

const ENTITIES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/** Cleans and escapes text for HTML content and quoted attributes alike. */
export function escapeHtml(text: string, maxLength?: number): string {
  return cleanText(text, maxLength).replace(/[&<>"']/gu, (mark) => ENTITIES.get(mark) ?? '');
}

const WEB_ADDRESS = /^https?:\/\/[A-Za-z0-9[][^\s"'<>\\`\p{C}]*$/iu;
const RELATIVE_ADDRESS = /^(?![/\\]{2})[^\s"'<>\\`:\p{C}]+$/u;

/**
 * Returns an address that may stand in `href`, escaped: `http`, `https` or relative to the page.
 * Everything else, `javascript:` and `//host` among it, is `undefined`.
 */
export function safeHref(address: string | undefined): string | undefined {
  if (address === undefined || address.length > 2048) return undefined;
  if (!WEB_ADDRESS.test(address) && !RELATIVE_ADDRESS.test(address)) return undefined;
  return address.replaceAll('&', '&amp;');
}

/** A link, or only its text where the address is not one to follow. */
export function link(address: string | undefined, text: string, className?: string): string {
  const href = safeHref(address);
  if (href === undefined) return '';
  const classes = className === undefined ? '' : ` class="${escapeHtml(className)}"`;
  return `<a${classes} href="${href}">${escapeHtml(text)}</a>`;
}

/** A fragment identifier for names: the same for the same names, safe in `id` and `href`. */
export function anchorOf(...names: readonly string[]): string {
  const slug = (name: string) =>
    name
      .slice(0, 128)
      .replace(/[^A-Za-z0-9.-]/gu, (mark) => `_${(mark.codePointAt(0) ?? 0).toString(16)}_`);
  return names.map(slug).join('/');
}

/** Shows what stands in backticks as code; the text must be escaped already. */
export function withCode(html: string): string {
  return html.replace(/`([^`]+)`/gu, '<code>$1</code>');
}
