import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { ConfigProblem } from '../model/config-errors.ts';
import { quote } from './quote.ts';

/** Enough for anchors that save typing, too few for a bomb that grows by aliases of aliases. */
const MAX_ALIAS_COUNT = 100;

/** Keys of mappings and indexes of lists from the root, e.g. `['kmods', 'jool', 'streams', 0]`. */
export type ConfigPath = readonly PropertyKey[];

/** Which end of a `key: value` pair is meant. */
export type Place = 'key' | 'value';

/** A YAML file whose places can be named. */
export interface YamlDocument {
  readonly file: string;
  /** The content as plain JSON; `undefined` values do not occur. */
  readonly value: unknown;
  /** A problem at a path; where the path does not exist, at the nearest parent that does. */
  problemAt(path: ConfigPath, sentence: string, place?: Place): ConfigProblem;
}

/** What became of a text: a document, or the reasons why there is none. */
export type ParsedYaml =
  | { readonly kind: 'document'; readonly document: YamlDocument }
  | { readonly kind: 'problems'; readonly problems: readonly ConfigProblem[] };

/**
 * Parses one YAML 1.2 document into plain JSON with places.
 *
 * Refused besides bad syntax: duplicate keys, unknown tags, keys that are not text, `__proto__`
 * and more than 100 alias expansions.
 *
 * @param file What problems call the text, e.g. its path.
 */
export function parseYaml(file: string, text: string): ParsedYaml {
  const lineCounter = new LineCounter();
  // The parser's own search for duplicate keys takes minutes for 1 MiB of keys in one mapping.
  const options = { lineCounter, prettyErrors: false, stringKeys: true, uniqueKeys: false };
  const parsed = parseDocument(text, options);
  const place = (offset: number) => placeAt(lineCounter, offset);
  const errors: readonly YAMLError[] = [...parsed.errors, ...parsed.warnings];
  const tooDeep = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION');
  if (tooDeep !== undefined) {
    return failure([{ file, ...place(tooDeep.pos[0]), sentence: 'nested too deeply' }]);
  }
  const syntax = errors.map((error) => ({
    file,
    ...place(error.pos[0]),
    sentence: describeSyntax(error, text),
  }));
  if (syntax.length > 0) return failure(syntax);
  const refused = findRefusedNodes(parsed).map(({ offset, sentence }) => ({
    file,
    ...place(offset),
    sentence,
  }));
  if (refused.length > 0) return failure(refused);
  return toDocument(file, parsed, place);
}

function toDocument(
  file: string,
  parsed: Document,
  place: (offset: number) => { line: number; column: number },
): ParsedYaml {
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return failure([
      { file, sentence: `too many aliases: at most ${MAX_ALIAS_COUNT} are followed` },
    ]);
  }
  const document: YamlDocument = {
    file,
    value: value ?? {},
    problemAt: (path, sentence, wanted = 'value') => ({
      file,
      ...place(findOffset(parsed, path, wanted)),
      sentence,
    }),
  };
  return { kind: 'document', document };
}

function failure(problems: readonly ConfigProblem[]): ParsedYaml {
  return { kind: 'problems', problems };
}

function placeAt(lineCounter: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lineCounter.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function describeSyntax({ code, message, pos }: YAMLError, text: string): string {
  if (code === 'NON_STRING_KEY') return 'wrong key: expected text, found something else';
  if (code === 'MULTIPLE_DOCS') return 'more than one document: expected one, found "---" again';
  if (code === 'TAG_RESOLVE_FAILED') return `unknown tag ${quote(text.slice(...pos))}`;
  const sentence = message.replace(/\s+/gu, ' ').replace(/[.:]?\s*$/u, '');
  return `not valid YAML: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}

function findRefusedNodes(parsed: Document): readonly { offset: number; sentence: string }[] {
  const found: { offset: number; sentence: string }[] = [];
  visit(parsed, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : '';
        const offset = startOf(key) ?? 0;
        if (name === '__proto__') found.push({ offset, sentence: 'forbidden key "__proto__"' });
        else if (seen.has(name)) found.push({ offset, sentence: `duplicate key ${quote(name)}` });
        seen.add(name);
      }
    },
    Alias(_, alias) {
      if (alias.resolve(parsed) !== undefined) return;
      const sentence = `unknown alias ${quote(alias.source)}: expected an anchor above it`;
      found.push({ offset: startOf(alias) ?? 0, sentence });
    },
  });
  return found;
}

/** Offset of the path's last part that exists. */
function findOffset(parsed: Document, path: ConfigPath, wanted: Place): number {
  let node: unknown = parsed.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, part] of path.entries()) {
    const child = findChild(resolveAlias(node, parsed), part);
    if (child === undefined) return offset;
    const isLast = depth === path.length - 1;
    const preferKey = wanted === 'key' || !isLast || isMap(child.value);
    const { key, value } = child;
    offset =
      (preferKey ? startOf(key) : startOf(value)) ?? startOf(key) ?? startOf(value) ?? offset;
    node = child.value;
  }
  return offset;
}

function findChild(
  node: unknown,
  part: PropertyKey,
): { key?: unknown; value: unknown } | undefined {
  if (isSeq(node) && typeof part === 'number') {
    const value = node.items[part];
    return value === undefined ? undefined : { value };
  }
  if (!isMap(node)) return undefined;
  return node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
}

function resolveAlias(node: unknown, parsed: Document): unknown {
  return isAlias(node) ? node.resolve(parsed) : node;
}

function startOf(node: unknown): number | undefined {
  return isNodeWithRange(node) ? node.range?.[0] : undefined;
}

function isNodeWithRange(node: unknown): node is Node {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
}
