import type { z } from 'zod';
import type { ConfigProblem } from '../model/config-errors.ts';
import { configJsonSchema, type JsonSchema } from './json-schema.ts';
import { describeValue, quote } from './quote.ts';
import { suggest } from './suggest.ts';
import type { ConfigPath, YamlDocument } from './yaml-document.ts';

/** Finding places takes its time, and nobody reads more; a hostile file may have 100,000. */
const MAX_EXPLAINED = 1000;

const SCHEMA = configJsonSchema();

const EXPECTED_WORDS = new Map([
  ['object', 'a mapping'],
  ['record', 'a mapping'],
  ['array', 'a list'],
  ['string', 'text'],
  ['boolean', 'true or false'],
  ['number', 'a number'],
]);

/**
 * Turns what a schema found wrong into sentences with places, e.g.
 * `wrong "limits.log": expected a size such as "2GiB", found the number 4`.
 */
export function explainIssues(
  issues: readonly z.core.$ZodIssue[],
  document: YamlDocument,
): readonly ConfigProblem[] {
  return issues.slice(0, MAX_EXPLAINED).flatMap((issue) => explainIssue(issue, document));
}

function explainIssue(issue: z.core.$ZodIssue, document: YamlDocument): readonly ConfigProblem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = findKnownKeys(path);
    return issue.keys
      .slice(0, MAX_EXPLAINED)
      .map((key) =>
        document.problemAt(
          [...path, key],
          `unknown key ${quote(key)}: ${suggest(key, known)}`,
          'key',
        ),
      );
  }
  if (issue.code === 'invalid_key') {
    const name = String(path.at(-1));
    const expected = issue.issues[0]?.message ?? 'another name';
    return [document.problemAt(path, `wrong name ${quote(name)}: expected ${expected}`, 'key')];
  }
  return [document.problemAt(path, explainValue(issue, findValue(document.value, path)))];
}

function explainValue(issue: z.core.$ZodIssue, value: unknown): string {
  const where = issue.path.length === 0 ? 'file' : quote(joinPath(issue.path));
  const expected = describeExpected(issue);
  if (value === undefined) return `missing ${where}: expected ${expected}`;
  return `wrong ${where}: expected ${expected}, found ${describeValue(value)}${adviseOn(value, issue)}`;
}

/** The schema's own words; zod's where the schema leaves it the word. */
function describeExpected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    return EXPECTED_WORDS.get(issue.expected) ?? issue.expected;
  }
  return issue.message;
}

function adviseOn(value: unknown, issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return '';
  if (issue.expected === 'string' && typeof value === 'number') {
    const { pattern = '' } = findSchema(issue.path) ?? {};
    return new RegExp(pattern, 'u').test(String(value)) ? ' (write it in quotes)' : '';
  }
  if (issue.expected === 'array' && typeof value === 'string') return ' (write it in brackets)';
  return '';
}

/** A path as people write it, e.g. `kmods.jool.streams[0]`. */
export function joinPath(path: ConfigPath): string {
  return path.reduce<string>((joined, part) => {
    if (typeof part === 'number') return `${joined}[${part}]`;
    return joined === '' ? String(part) : `${joined}.${String(part)}`;
  }, '');
}

function findValue(root: unknown, path: ConfigPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** The keys that the mapping at this path may have. */
function findKnownKeys(path: ConfigPath): readonly string[] {
  return Object.keys(withoutNull(findSchema(path))?.properties ?? {});
}

function findSchema(path: ConfigPath): JsonSchema | undefined {
  let schema: JsonSchema | undefined = SCHEMA;
  for (const part of path) schema = findSubschema(schema, part);
  return schema;
}

function findSubschema(schema: JsonSchema | undefined, part: PropertyKey): JsonSchema | undefined {
  const { properties = {}, additionalProperties } = withoutNull(schema) ?? {};
  const own = Object.hasOwn(properties, part) ? properties[String(part)] : undefined;
  const found = own ?? additionalProperties;
  return typeof found === 'object' ? found : undefined;
}

/** A nullable's schema is `anyOf: [it, null]`. */
function withoutNull(schema: JsonSchema | undefined): JsonSchema | undefined {
  const first = schema?.anyOf?.[0];
  return typeof first === 'object' ? first : schema;
}
