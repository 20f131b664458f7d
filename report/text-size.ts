/** Temporal refuses a summary of more than 400 bytes, quotes and escapes included. */
const MAX_SUMMARY_BYTES = 360;

/** Bytes of UTF-8, counted without an encoder: workflow code has none. */
export function sizeOf(text: string): number {
  let sizeBytes = 0;
  for (const character of text) sizeBytes += sizeOfCharacter(character);
  return sizeBytes;
}

/** Cuts text to a number of bytes of UTF-8, with `…` at its end; never within a character. */
export function cutToBytes(text: string, maxBytes: number): string {
  if (sizeOf(text) <= maxBytes) return text;
  const room = maxBytes - sizeOf('…');
  let sizeBytes = 0;
  let cut = '';
  for (const character of text) {
    sizeBytes += sizeOfCharacter(character);
    if (sizeBytes > room) break;
    cut += character;
  }
  return `${cut}…`;
}

/** Cuts a sentence to what Temporal takes as a summary. */
export function toSummary(sentence: string): string {
  return cutToBytes(sentence, MAX_SUMMARY_BYTES);
}

function sizeOfCharacter(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
