import { copyFile, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ReadSource } from './kmod-input.ts';
import { listSourceFiles } from './list-source-files.ts';
import { digestSources } from './read-tree.ts';

/**
 * Reads a spec and the files of its folder of sources, subfolders left out.
 *
 * @throws An error of `node:fs` if one is missing.
 */
export async function readSpecFolder(source: {
  readonly spec: string;
  readonly sources: string;
}): Promise<ReadSource> {
  const { spec, sources } = source;
  const specText = await readFile(spec, 'utf8');
  const specName = basename(spec);
  const isInSources = dirname(spec) === sources.replace(/\/$/, '');
  const files = (await listSourceFiles(sources)).filter(
    ({ path }) => !(isInSources && path === specName),
  );
  return {
    specName,
    specText,
    sourceDigest: digestSources([specName, specText], files),
    async copySources(directory) {
      for (const { path } of files) await copyFile(join(sources, path), join(directory, path));
    },
  };
}
