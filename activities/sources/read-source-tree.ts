import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import { listSpecSources } from '../../rpm/spec-sources.ts';
import { toReadSource } from './dkms-source.ts';
import type { ReadSource } from './kmod-input.ts';
import { listSourceFiles } from './list-source-files.ts';
import { packTree } from './pack-tree.ts';
import { type DigestedEntry, digestSources, readTree, type TreeContent } from './read-tree.ts';
import type { Tree } from './tree.ts';
import { writeTreeFiles } from './write-tree-files.ts';

/** What a tree with a spec is built with. */
export interface SourceTreeOptions {
  /** Path of the spec in the tree; found when absent. */
  readonly spec?: string;
  /** A source archive that is made of the whole tree. */
  readonly archive?: string;
  /** A folder of this machine with sources that the tree lacks. */
  readonly sources?: string;
  /** The file that the tree lies in, where the spec may name it as its source. */
  readonly container?: { readonly path: string; readonly fileName: string };
  readonly signal: AbortSignal;
}

const SPEC = /\.spec$/;

/**
 * Reads a tree that has a spec, with the files of the spec's folder as its sources; a tree that has none
 * is read as a DKMS source.
 *
 * @throws {ContentInvalidError} If the spec is missing or not the only one, or a source of it is nowhere.
 * @throws {DkmsParseError} If there is no spec and the `dkms.conf` cannot be read.
 */
export async function readSourceTree(tree: Tree, options: SourceTreeOptions): Promise<ReadSource> {
  const { signal } = options;
  const content = await readTree(tree, (path) => SPEC.test(path), signal);
  const specPath = findSpec(tree.name, content, options.spec);
  if (specPath === undefined) return await toReadSource(tree, {}, signal);
  const specText = content.texts.get(specPath) ?? '';
  const folder = specPath.slice(0, specPath.lastIndexOf('/') + 1);
  const specName = specPath.slice(folder.length);
  const nameOf = (path: string): string | undefined => {
    const name = path.startsWith(folder) ? path.slice(folder.length) : '';
    return name === '' || name === specName || name.includes('/') ? undefined : name;
  };
  const beside = content.entries.flatMap((entry) => {
    const path = entry.kind === 'file' ? nameOf(entry.path) : undefined;
    return path === undefined ? [] : [{ ...entry, path }];
  });
  const given = options.sources === undefined ? [] : await listSourceFiles(options.sources);
  const added = given.filter(({ path }) => path !== specName);
  requireSources(tree.name, specText, [
    ...[...beside, ...added].map(({ path }) => path),
    ...(options.archive === undefined ? [] : [options.archive]),
    ...(options.container === undefined ? [] : [options.container.fileName]),
  ]);
  return {
    specName,
    specText,
    sourceDigest: digestSources(
      [specName, specText, options.archive ?? '', options.container?.fileName ?? ''],
      [...listDigested(content, beside, options), ...added],
    ),
    async copySources(directory) {
      await writeTreeFiles(tree, directory, { nameOf, signal });
      // What is given is wanted instead of what the tree has.
      for (const { path } of added)
        await copyFile(join(options.sources ?? '', path), join(directory, path));
      await addArchives(tree, directory, options);
    },
  };
}

/** An archive of the tree has all of its files. */
function listDigested(
  content: TreeContent,
  beside: readonly DigestedEntry[],
  { archive, container }: SourceTreeOptions,
): readonly DigestedEntry[] {
  return archive === undefined && container === undefined ? beside : content.entries;
}

async function addArchives(
  tree: Tree,
  directory: string,
  { archive, container, signal }: SourceTreeOptions,
): Promise<void> {
  if (archive !== undefined) {
    const folder = archive.replace(/\.(?:tar\.gz|tgz)$/, '');
    await packTree(tree, join(directory, archive), { root: '', folder, signal });
  }
  if (container !== undefined) await copyFile(container.path, join(directory, container.fileName));
}

/** @returns undefined if there is no spec and none was asked for. */
function findSpec(
  name: string,
  { texts }: TreeContent,
  wanted: string | undefined,
): string | undefined {
  if (wanted !== undefined) {
    if (texts.has(wanted)) return wanted;
    const known = [...texts.keys()].slice(0, 5).join(', ') || 'no spec at all';
    throw new ContentInvalidError(name, `expected a spec "${wanted}", found ${known}`);
  }
  const depthOf = (path: string): number => path.split('/').length;
  const paths = [...texts.keys()].sort((a, b) => depthOf(a) - depthOf(b) || (a < b ? -1 : 1));
  const [first, second] = paths;
  if (first === undefined || second === undefined || depthOf(second) > depthOf(first)) return first;
  const detail = `expected one spec, found "${first}" and "${second}"; name it with "spec"`;
  throw new ContentInvalidError(name, detail);
}

function requireSources(name: string, specText: string, files: readonly string[]): void {
  const missing = listSpecSources(specText).find(({ fileName }) => !files.includes(fileName));
  if (missing === undefined) return;
  const { tag, fileName } = missing;
  const detail =
    `expected ${tag} "${fileName}" of the spec beside it, found none; ` +
    'put it there, or give it with "archive" or "sources"';
  throw new ContentInvalidError(name, detail);
}
