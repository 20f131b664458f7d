import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { NotFoundError } from '../model/activity-errors.ts';
import { isMissing } from './atomic-file.ts';

/** Where something lies that a person named. */
export type Location =
  | { readonly kind: 'file' | 'directory'; readonly path: string }
  /** An rpm-md repository's base URL. */
  | { readonly kind: 'repository'; readonly url: string };

const URL_PATTERN = /^(?:https?|file):\/\//i;

/** Whether a text is the URL of a repository, not a path. */
export function isUrl(text: string): boolean {
  return URL_PATTERN.test(text);
}

/**
 * Finds out what a person means by a path or a URL.
 *
 * @throws {NotFoundError} If it is a path where nothing is, or neither file nor directory.
 */
export async function locate(text: string): Promise<Location> {
  if (isUrl(text)) return { kind: 'repository', url: text };
  const path = resolve(text);
  const found = await statIfExists(path);
  if (found?.isFile()) return { kind: 'file', path };
  if (found?.isDirectory()) return { kind: 'directory', path };
  const detail = `expected a file, a directory or a URL, found ${found ? 'something else' : 'nothing'}`;
  throw new NotFoundError('read', text, detail);
}

/** The URL of the rpm-md repository in a directory, if there is one. */
export async function findRepository(directory: string): Promise<string | undefined> {
  const hasMetadata = await isFile(join(directory, 'repodata', 'repomd.xml'));
  return hasMetadata ? pathToFileURL(directory).href : undefined;
}

/** Whether there is a file, or a link to one. */
export async function isFile(path: string): Promise<boolean> {
  return (await statIfExists(path))?.isFile() === true;
}

async function statIfExists(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error) || hasCode(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
