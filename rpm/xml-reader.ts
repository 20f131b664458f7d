import { SaxesParser } from 'saxes';
import { quoteExcerpt, RepodataParseError } from '../model/parse-errors.ts';

/** Which file is read; it stands in the error messages. */
export type MetadataFile = RepodataParseError['file'];

/** An element that opens. */
export interface XmlElement {
  readonly name: string;
  /** An object without prototype. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a reader does with elements; depth counts from 1, the root. */
export interface XmlHandlers {
  /** @returns What takes the element's text, trimmed, when it closes; undefined to skip the text. */
  open(element: XmlElement, depth: number): TextConsumer | undefined;
  close(depth: number): void;
}

/** Takes the trimmed text of an element. */
export type TextConsumer = (text: string) => void;

/** A push parser: pieces of any length, then the end. */
export interface XmlReader {
  write(text: string): void;
  close(): void;
}

const DEPTH_LIMIT = 32;
const TEXT_LENGTH_LIMIT = 4096;
/** Foreign text must bring a tag this often: a comment or attribute without end stops there. */
const TAGLESS_LENGTH_LIMIT = 1024 * 1024;
const SLICE_LENGTH = 256 * 1024;

/**
 * Creates a reader of trusted-by-nobody XML: no DOCTYPE, no entities but XML's own five, bounded
 * depth and text.
 *
 * @throws {RepodataParseError} From `write` and `close`, if it is not well-formed or out of bounds.
 */
export function createXmlReader(file: MetadataFile, handlers: XmlHandlers): XmlReader {
  const parser = new SaxesParser({ xmlns: false, position: false } as const);
  // saxes' own table inherits from Object.prototype: `&toString;` would be known.
  parser.ENTITIES = Object.assign(Object.create(null), {
    amp: '&',
    gt: '>',
    lt: '<',
    quot: '"',
    apos: "'",
  });
  let depth = 0;
  let tagCount = 0;
  let text = '';
  let consumer: TextConsumer | undefined;

  function setConsumer(next: TextConsumer | undefined): void {
    if (next !== undefined) parser.on('text', appendText);
    else if (consumer !== undefined) parser.off('text');
    consumer = next;
    text = '';
  }

  function appendText(piece: string): void {
    if (text.length + piece.length > TEXT_LENGTH_LIMIT) {
      throw new RepodataParseError(
        file,
        `expected texts of at most ${TEXT_LENGTH_LIMIT} characters`,
      );
    }
    text += piece;
  }

  parser.on('error', (error) => {
    throw new RepodataParseError(file, `expected well-formed XML, found ${error.message}`);
  });
  parser.on('doctype', () => {
    throw new RepodataParseError(file, 'expected no DOCTYPE, found one');
  });
  parser.on('opentag', (tag) => {
    tagCount += 1;
    depth += 1;
    if (depth > DEPTH_LIMIT) {
      throw new RepodataParseError(file, `expected at most ${DEPTH_LIMIT} levels, found more`);
    }
    setConsumer(handlers.open(tag, depth));
  });
  parser.on('closetag', () => {
    tagCount += 1;
    consumer?.(text.trim());
    setConsumer(undefined);
    handlers.close(depth);
    depth -= 1;
  });

  let taglessLength = 0;
  return {
    write(chunk) {
      for (let start = 0; start < chunk.length; start += SLICE_LENGTH) {
        const slice = chunk.slice(start, start + SLICE_LENGTH);
        const before = tagCount;
        parser.write(slice);
        taglessLength = tagCount === before ? taglessLength + slice.length : 0;
        if (taglessLength > TAGLESS_LENGTH_LIMIT) {
          throw new RepodataParseError(file, 'expected a tag, found text without end');
        }
      }
    },
    close() {
      parser.close();
    },
  };
}

/**
 * Requires a whole number.
 *
 * @param what What it is, for the message, e.g. `size`.
 * @throws {RepodataParseError} If it is missing, no plain number or above 2^53.
 */
export function requireNumber(file: MetadataFile, what: string, text: string | undefined): number {
  const number = text !== undefined && /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) {
    const found = text === undefined ? 'none' : quoteExcerpt(text);
    throw new RepodataParseError(file, `expected a number as ${what}, found ${found}`);
  }
  return number;
}
