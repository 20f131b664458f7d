import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { exampleConfig, uncommentExample } from '../../config/example.ts';
import { configJsonSchema, type JsonSchema } from '../../config/json-schema.ts';

const full: unknown = parse(uncommentExample(await exampleConfig()));

/** Just enough of JSON Schema to tell which keys of a value a schema does not know. */
function findUnknownKeys(schema: JsonSchema, value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const first = schema.anyOf?.[0];
  const { properties = {}, additionalProperties } = typeof first === 'object' ? first : schema;
  if (Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const found = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (typeof found !== 'object') return [`${path}/${key}`];
    return findUnknownKeys(found, child, `${path}/${key}`);
  });
}

function listObjects(schema: JsonSchema): readonly JsonSchema[] {
  const children = [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? [])];
  if (typeof schema.additionalProperties === 'object') children.push(schema.additionalProperties);
  const inner = children.flatMap((child) => (typeof child === 'object' ? listObjects(child) : []));
  return schema.properties === undefined ? inner : [schema, ...inner];
}

test('configJsonSchema() knows every key of the example', () => {
  assert.deepEqual(findUnknownKeys(configJsonSchema(), full), []);
});

test('configJsonSchema() refuses unknown keys on every level', () => {
  const objects = listObjects(configJsonSchema());

  assert.ok(objects.length >= 10);
  for (const object of objects) assert.equal(object.additionalProperties, false);
  assert.deepEqual(findUnknownKeys(configJsonSchema(), { kmod: {}, limits: { cpu: 1 } }), [
    '/kmod',
    '/limits/cpu',
  ]);
});

test('configJsonSchema() describes every key', () => {
  for (const object of listObjects(configJsonSchema())) {
    for (const [key, property] of Object.entries(object.properties ?? {})) {
      assert.ok(typeof property === 'object' && property.description, `no description of "${key}"`);
    }
  }
});

test('configJsonSchema() writes defaults in the units of the file', () => {
  const limits = listObjects(configJsonSchema()).find(({ properties }) => properties?.scratch);

  assert.deepEqual(limits?.properties?.memory, {
    default: '4GiB',
    description: 'Memory for one build, its scratch space included.',
    type: 'string',
    pattern: '^(?<count>[1-9][0-9]{0,8})(?<unit>KiB|MiB|GiB|TiB)$',
  });
});

test('configJsonSchema() names its draft', () => {
  assert.equal(configJsonSchema().$schema, 'https://json-schema.org/draft/2020-12/schema');
});
