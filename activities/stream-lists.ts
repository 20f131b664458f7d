import { readFile, stat } from 'node:fs/promises';
import { parseSeverities, type SeverityRule } from '../kabi/severities.ts';
import { parseStablelist } from '../kabi/stablelist.ts';
import { ContentInvalidError, NotFoundError } from '../model/activity-errors.ts';
import { RekmodError } from '../model/errors.ts';
import type { Stream } from '../model/settings.ts';

/** What a distribution says about its symbols; explains and never decides. */
export interface StreamLists {
  readonly stablelist?: ReadonlySet<string>;
  readonly severities?: readonly SeverityRule[];
}

/** RHEL's lists have some 50 kB. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/**
 * Reads the lists that a stream is configured with.
 *
 * @throws {NotFoundError} If a file is not there.
 * @throws {ContentInvalidError} If it is too large or cannot be parsed; names the file and the line.
 */
export async function readStreamLists({ stablelist, severities }: Stream): Promise<StreamLists> {
  return {
    ...(stablelist === undefined
      ? {}
      : { stablelist: await readList(stablelist, parseStablelist) }),
    ...(severities === undefined
      ? {}
      : { severities: await readList(severities, parseSeverities) }),
  };
}

/** Reads them, or none: a list that cannot be read must not hold up a kernel. */
export async function findStreamLists(stream: Stream): Promise<StreamLists> {
  try {
    return await readStreamLists(stream);
  } catch (error) {
    if (error instanceof RekmodError) return {};
    throw error;
  }
}

async function readList<T>(path: string, parse: (text: string) => T): Promise<T> {
  const found = await stat(path).catch((error: unknown) => {
    throw new NotFoundError('read list', path, `${error}`);
  });
  if (!found.isFile() || found.size > MAX_LIST_BYTES) {
    const detail = `expected a file of at most ${MAX_LIST_BYTES} bytes, found ${found.size} bytes`;
    throw new ContentInvalidError(path, detail);
  }
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof RekmodError)) throw cause;
    throw new ContentInvalidError(path, cause.message, { cause });
  }
}
