import { readdir } from 'node:fs/promises';
import { isMissing } from './atomic-file.ts';

/** The names in a directory, sorted; none if there is no such directory. */
export async function listNames(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The names of JSON files in a directory without their `.json`, sorted. */
export async function listJsonNames(directory: string): Promise<readonly string[]> {
  const names = await listNames(directory);
  return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
}
