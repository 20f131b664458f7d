import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../model/config-errors.ts';
import { explainIssues } from './explain-issue.ts';
import { readBoundedText } from './read-bounded-text.ts';
import { Config } from './schema.ts';
import type { StreamEntry, TargetEntry } from './schema-stream.ts';
import { parseYaml } from './yaml-document.ts';

/** Streams and targets by name, before `like:` is followed. */
export interface Definitions {
  readonly streams: ReadonlyMap<string, StreamEntry | null>;
  readonly targets: ReadonlyMap<string, TargetEntry | null>;
}

const FOLDER = fileURLToPath(new URL('./definitions/', import.meta.url));

/** Not a definition: what `exampleConfig` returns. */
const EXAMPLE = 'example.yaml';

/**
 * Loads the stream and target definitions that rekmod ships, from all of `definitions/*.yaml`.
 *
 * Keys and images that they name need not exist on this machine.
 *
 * @throws {ConfigError} If a shipped file is damaged.
 */
export async function loadDefinitions(): Promise<Definitions> {
  const names = (await readdir(FOLDER)).filter(
    (name) => name.endsWith('.yaml') && name !== EXAMPLE,
  );
  const configs = await Promise.all(names.sort().map((name) => loadDefinition(`${FOLDER}${name}`)));
  return {
    streams: new Map(configs.flatMap(({ streams }) => Object.entries(streams ?? {}))),
    targets: new Map(configs.flatMap(({ targets }) => Object.entries(targets ?? {}))),
  };
}

async function loadDefinition(file: string): Promise<Config> {
  const parsed = parseYaml(file, await readBoundedText(file));
  if (parsed.kind === 'problems') throw new ConfigError(file, parsed.problems);
  const result = Config.safeParse(parsed.document.value);
  if (result.success) return result.data;
  throw new ConfigError(file, explainIssues(result.error.issues, parsed.document));
}
