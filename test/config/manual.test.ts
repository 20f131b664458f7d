import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { loadDefinitions } from '../../config/definitions.ts';
import { configJsonSchema, type JsonSchema } from '../../config/json-schema.ts';
import { dialectNames } from '../../rpm/spec.ts';

const manual = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

function listLeaves(schema: JsonSchema): readonly (readonly [string, JsonSchema])[] {
  const first = schema.anyOf?.[0];
  const { properties = {}, additionalProperties } = typeof first === 'object' ? first : schema;
  const inner = typeof additionalProperties === 'object' ? listLeaves(additionalProperties) : [];
  const own = Object.entries(properties).flatMap(([key, child]) => {
    if (typeof child !== 'object') return [];
    const below = listLeaves(child);
    return below.length === 0 ? [[key, child] as const] : below;
  });
  return [...own, ...inner];
}

test('configuration.md names every key, and the default of those that have one', () => {
  for (const [key, { default: standard }] of listLeaves(configJsonSchema())) {
    assert.match(manual, new RegExp(`\\b${key}\\b`, 'u'));
    if (typeof standard !== 'string' && typeof standard !== 'number') continue;
    const row = new RegExp(`^\\|[^|]*\\b${key}\`[^|]*\\|[^|]*\`${standard}\``, 'mu');
    assert.match(manual, row, `default of "${key}"`);
  }
});

test('configuration.md names every shipped definition', async () => {
  const { streams } = await loadDefinitions();

  for (const name of streams.keys()) assert.ok(manual.includes(`\`${name}\``), name);
});

test('configuration.md names every spec dialect in its table', () => {
  for (const name of dialectNames()) assert.match(manual, new RegExp(`^\\| \`${name}\` \\|`, 'mu'));
});
