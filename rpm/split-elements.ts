import { quoteExcerpt, RepodataParseError } from '../model/parse-errors.ts';
import type { MetadataFile } from './xml-reader.ts';

/** What is split into what. */
export interface ElementSplit {
  readonly file: MetadataFile;
  /** Name of the root, e.g. `metadata`. */
  readonly root: string;
  /** Name of its children, e.g. `package`; there are no others. */
  readonly element: string;
  /** Gets each child as it is, from `<` to `>`, without what is around it. */
  readonly onElement: (text: string) => void;
}

/** A push splitter: pieces of any length, then the end. */
export interface ElementSplitter {
  write(text: string): void;
  /** Ends the text. @returns The number of children. */
  close(): number;
}

/** The longest are file lists of packages with a hundred thousand files. */
const ELEMENT_LENGTH_LIMIT = 64 * 1024 * 1024;
const HEAD_LENGTH_LIMIT = 64 * 1024;

/**
 * Creates a splitter of metadata that may be larger than memory: it hands out the children of the root with
 * their text as it was, so that what is copied is what upstream wrote.
 *
 * It looks for tags alone. Text that hides a tag from other readers (a comment, CDATA) gives children that are
 * not well-formed by themselves: the caller parses those on which something depends.
 *
 * @throws {RepodataParseError} From `write` and `close`, if there is something else than the root and its
 *   children, or a child is too long or not ended.
 */
export function createElementSplitter(split: ElementSplit): ElementSplitter {
  const { file, element, onElement } = split;
  const start = new RegExp(`<${element}(?=[\\s>])`, 'g');
  const end = `</${element}>`;
  let text = '';
  /** Where to go on looking; a tag may begin at the end of a piece. */
  let seen = 0;
  let isInside = false;
  let count = 0;

  function takeStart(): boolean {
    start.lastIndex = seen;
    const found = start.exec(text);
    if (!found) {
      requireShort(text.length, HEAD_LENGTH_LIMIT, `text before <${element}>`);
      seen = Math.max(0, text.length - element.length - 2);
      return false;
    }
    requireBetween(text.slice(0, found.index));
    text = text.slice(found.index);
    seen = 0;
    isInside = true;
    return true;
  }

  function takeEnd(): boolean {
    const found = text.indexOf(end, seen);
    if (found === -1) {
      requireShort(text.length, ELEMENT_LENGTH_LIMIT, `<${element}>`);
      seen = Math.max(0, text.length - end.length);
      return false;
    }
    const length = found + end.length;
    count += 1;
    onElement(text.slice(0, length));
    text = text.slice(length);
    seen = 0;
    isInside = false;
    return true;
  }

  function requireBetween(between: string): void {
    const isGood = count === 0 ? isHead(between, split.root) : between.trim() === '';
    if (!isGood) fail(`expected only <${element}> in <${split.root}>`, between);
  }

  function requireShort(length: number, limit: number, what: string): void {
    if (length <= limit) return;
    throw new RepodataParseError(file, `expected ${what} of at most ${limit} characters`);
  }

  function fail(expected: string, found: string): never {
    throw new RepodataParseError(file, `${expected}, found ${quoteExcerpt(found.trim())}`);
  }

  return {
    write(piece) {
      text += piece;
      let isMoving = true;
      while (isMoving) isMoving = isInside ? takeEnd() : takeStart();
    },
    close() {
      if (isInside) fail(`expected ${end}`, text.slice(-60));
      const closing = text.lastIndexOf(`</${split.root}>`);
      const isSelfClosed = count === 0 && isHead(text.replace(/\/>\s*$/, '>'), split.root);
      if (closing === -1 && isSelfClosed) return 0;
      if (closing === -1) fail(`expected </${split.root}>`, text);
      requireBetween(text.slice(0, closing));
      const rest = text.slice(closing + split.root.length + 3);
      if (rest.trim() !== '') fail('expected nothing after the root', rest);
      return count;
    },
  };
}

/** The XML declaration and the root's tag, which may have any attributes. */
function isHead(text: string, root: string): boolean {
  return new RegExp(`^\\uFEFF?\\s*(?:<\\?xml[^<>]*\\?>)?\\s*<${root}(?:\\s[^<>]*)?>\\s*$`).test(
    text,
  );
}
