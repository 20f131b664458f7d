import { z } from 'zod';
import { Config } from './schema.ts';

/** A JSON Schema as zod writes it. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/**
 * The configuration file's JSON Schema (draft 2020-12), for editors that complete and check YAML.
 *
 * Checks that need the file system or other entries (does the spec exist, is there such a stream)
 * are `loadSettings`' alone.
 */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(Config, { target: 'draft-2020-12', io: 'input' });
}
