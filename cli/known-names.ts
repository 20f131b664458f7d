import { readdir } from 'node:fs/promises';
import type { KnownNames } from './complete-words.ts';
import { type CommonOptions, openContext } from './context.ts';

const NONE: KnownNames = { kmods: [], kernels: [], streams: [], repositories: [] };
const RECORD = '.json';

/** Reads the names that may be typed; none where there is no configuration that can be read. */
export async function readKnownNames(options: CommonOptions): Promise<KnownNames> {
  try {
    const { settings, data } = await openContext(options);
    const streams = settings.streams.map(({ name }) => name);
    const files = await Promise.all(
      streams.map((stream) => readdir(data.kernelsOf(stream)).catch(() => [])),
    );
    const records = files.flat().filter((name) => name.endsWith(RECORD));
    return {
      streams,
      kmods: settings.kmods.map(({ name }) => name),
      repositories: settings.repositories.map(({ name }) => name),
      kernels: [...new Set(records.map((name) => name.slice(0, -RECORD.length)))].sort(),
    };
  } catch {
    // A half-typed line is no place for an error message.
    return NONE;
  }
}
