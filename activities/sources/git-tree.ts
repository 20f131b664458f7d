import { ContentInvalidError } from '../../model/activity-errors.ts';
import { fetchCommit, type GitRepository, placeGitRepository } from './git-repository.ts';
import { listSubmodules } from './git-submodules.ts';
import { streamGit } from './run-git.ts';
import { openTarTree } from './tar-tree.ts';
import type { Tree } from './tree.ts';

/** Which files of a commit are wanted. */
export interface GitTreeOptions {
  /** Holds the copies of repositories. */
  readonly cache: string;
  readonly commit: string;
  readonly hasSubmodules: boolean;
  readonly signal: AbortSignal;
}

const DEPTH_LIMIT = 4;

interface Part {
  /** The folder of the tree that it is; empty for the repository itself. */
  readonly folder: string;
  readonly tree: Tree;
}

/**
 * Opens the files of a commit as a source tree, after fetching what is not there yet. Nothing is checked
 * out: no file of the repository can run anything or lie anywhere.
 *
 * @throws As {@link fetchCommit}.
 * @throws {ContentInvalidError} If submodules are nested too deeply, or not declared.
 */
export async function openGitTree(url: string, options: GitTreeOptions): Promise<Tree> {
  const parts = await collectParts(placeGitRepository(options.cache, url), options, {
    folder: '',
    depth: 0,
  });
  const name = `${url} ${options.commit.slice(0, 12)}`;
  return {
    name,
    async walk(visit, signal) {
      for (const { folder, tree } of parts) {
        const below = folder === '' ? '' : `${folder}/`;
        await tree.walk(
          (entry, content) => visit({ ...entry, path: `${below}${entry.path}` }, content),
          signal,
        );
      }
    },
  };
}

async function collectParts(
  repository: GitRepository,
  options: GitTreeOptions,
  place: { readonly folder: string; readonly depth: number },
): Promise<readonly Part[]> {
  const { commit, hasSubmodules, signal, cache } = options;
  const { url, directory } = repository;
  await fetchCommit(repository, commit, signal);
  const tree = openTarTree(`${url} ${commit}`, (reading) =>
    streamGit(['-C', directory, 'archive', '--format=tar', commit], { url, signal: reading }),
  );
  const parts: Part[] = [{ folder: place.folder, tree }];
  if (!hasSubmodules) return parts;
  if (place.depth > DEPTH_LIMIT) {
    throw new ContentInvalidError(url, `expected submodules at most ${DEPTH_LIMIT} deep`);
  }
  for (const submodule of await listSubmodules(repository, commit, signal)) {
    const folder = [place.folder, submodule.path].filter((part) => part !== '').join('/');
    const below = { ...options, commit: submodule.commit };
    const inner = placeGitRepository(cache, submodule.url);
    parts.push(...(await collectParts(inner, below, { folder, depth: place.depth + 1 })));
  }
  return parts;
}
