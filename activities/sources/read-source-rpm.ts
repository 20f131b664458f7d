import { ContentInvalidError } from '../../model/activity-errors.ts';
import { openRpm } from '../rpm-file.ts';
import type { ReadSource } from './kmod-input.ts';
import { digestSources, readTree } from './read-tree.ts';
import { openRpmTree } from './rpm-tree.ts';
import { writeTreeFiles } from './write-tree-files.ts';

/**
 * Reads a source RPM. Its files are streamed, each time anew, from the package to where they are needed.
 *
 * @throws {ContentInvalidError} If it holds no or several specs.
 * @throws {RpmHeaderParseError} If it is no RPM.
 */
export async function readSourceRpm(path: string, signal: AbortSignal): Promise<ReadSource> {
  const tree = openRpmTree(path, await openRpm(path));
  const isSpec = (name: string): boolean => /^[^/]+\.spec$/.test(name);
  const { entries, texts } = await readTree(tree, isSpec, signal);
  const [specName, ...others] = texts.keys();
  const specText = texts.get(specName ?? '');
  if (specName === undefined || specText === undefined || others.length > 0) {
    throw new ContentInvalidError(path, `expected one spec, found ${texts.size}`);
  }
  const isSource = (name: string): boolean => name !== specName && !name.includes('/');
  return {
    specName,
    specText,
    sourceDigest: digestSources(
      [specName, specText],
      entries.filter(({ path: name, kind }) => kind === 'file' && isSource(name)),
    ),
    copySources: (directory) =>
      writeTreeFiles(tree, directory, {
        nameOf: (name) => (isSource(name) ? name : undefined),
        signal,
      }),
  };
}
