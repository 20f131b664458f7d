import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NotFoundError } from '../../model/activity-errors.ts';
import type { GitRef } from '../../model/kmod.ts';
import { isMissing } from '../atomic-file.ts';
import { createOneAtATime } from '../one-at-a-time.ts';
import { runGit } from './run-git.ts';

/** A repository of somebody's, and the copy of what was needed of it. */
export interface GitRepository {
  readonly url: string;
  /** The bare repository with what was fetched. */
  readonly directory: string;
}

/** Every fetch of a single commit leaves a pack; beyond this a fresh copy is smaller. */
const PACK_LIMIT = 32;
const NOT_FOUND = 2;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** git's own locks would make the second of two fail. */
const oneAtATime = createOneAtATime();

/** Says where the copy of a repository lies in a cache. */
export function placeGitRepository(cache: string, url: string): GitRepository {
  const name = createHash('sha256').update(url).digest('hex').slice(0, 32);
  return { url, directory: join(cache, 'git', name) };
}

/**
 * Asks a repository which commit a branch or tag is now.
 *
 * @throws {NotFoundError} If it has no such branch or tag.
 * @throws As {@link runGit}.
 */
export async function resolveCommit(
  url: string,
  ref: GitRef,
  signal: AbortSignal,
): Promise<string> {
  if (ref.kind === 'commit') return ref.commit;
  const names = listRefNames(ref);
  const args = ['ls-remote', '--exit-code', '--', url, ...names];
  const { stdout, exitCode } = await runGit(args, { url, signal, okCodes: [0, NOT_FOUND] });
  const found = new Map(
    stdout.split('\n').map((line) => {
      const [commit = '', name = ''] = line.split('\t');
      return [name, commit] as const;
    }),
  );
  const commit = exitCode === 0 ? names.map((name) => found.get(name)).find(Boolean) : undefined;
  if (commit !== undefined && COMMIT.test(commit)) return commit;
  const wanted = ref.kind === 'head' ? 'a default branch' : `${ref.kind} "${ref.name}"`;
  throw new NotFoundError('fetch', url, `expected ${wanted}, found none`);
}

/** Of an annotated tag, the commit and not the tag is wanted: `^{}` comes first. */
function listRefNames(ref: Exclude<GitRef, { kind: 'commit' }>): readonly string[] {
  switch (ref.kind) {
    case 'head':
      return ['HEAD'];
    case 'branch':
      return [`refs/heads/${ref.name}`];
    default:
      return [`refs/tags/${ref.name}^{}`, `refs/tags/${ref.name}`];
  }
}

/**
 * Makes sure that a commit with all its files is in the copy, but nothing of its history.
 *
 * @throws As {@link runGit}.
 */
export async function fetchCommit(
  repository: GitRepository,
  commit: string,
  signal: AbortSignal,
): Promise<void> {
  await oneAtATime(repository.directory, async () => {
    if (await hasCommit(repository, commit, signal)) return;
    await makeRoom(repository, signal);
    try {
      await fetchAny(repository, commit, signal);
    } finally {
      await removeUnfinished(repository.directory);
    }
    if (await hasCommit(repository, commit, signal)) return;
    throw new NotFoundError('fetch', repository.url, `expected commit ${commit}, found none`);
  });
}

async function fetchAny(
  { url, directory }: GitRepository,
  commit: string,
  signal: AbortSignal,
): Promise<void> {
  const fetch = ['-C', directory, 'fetch', '--no-tags', '--no-recurse-submodules', '--quiet'];
  try {
    await runGit([...fetch, '--depth=1', '--', url, commit], { url, signal });
  } catch (error) {
    // A server may refuse commits that are no branch's or tag's; then all of those are needed.
    if (!(error instanceof NotFoundError)) throw error;
    const all = ['+refs/heads/*:refs/fetched/heads/*', '+refs/tags/*:refs/fetched/tags/*'];
    await runGit([...fetch, '--', url, ...all], { url, signal });
  }
}

async function hasCommit(
  { url, directory }: GitRepository,
  commit: string,
  signal: AbortSignal,
): Promise<boolean> {
  if ((await countPacks(directory)) === undefined) return false;
  // The tree must be there, too: a fetch may have been cut short.
  const args = ['-C', directory, 'rev-list', '--objects', '--quiet', '--max-count=1', commit, '--'];
  const { exitCode } = await runGit(args, { url, signal, okCodes: [0, 128] });
  return exitCode === 0;
}

/** What a fetch that was cut short leaves may be as large as a source may be. */
async function removeUnfinished(directory: string): Promise<void> {
  const packs = join(directory, 'objects', 'pack');
  for (const name of await readdir(packs).catch(() => [])) {
    if (name.startsWith('tmp_')) await rm(join(packs, name), { force: true });
  }
}

async function makeRoom({ url, directory }: GitRepository, signal: AbortSignal): Promise<void> {
  const count = await countPacks(directory);
  if (count !== undefined && count <= PACK_LIMIT) return;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await runGit(['init', '--bare', '--quiet', '--template=', directory], { url, signal });
}

/** @returns undefined if there is no copy. */
async function countPacks(directory: string): Promise<number | undefined> {
  try {
    const names = await readdir(join(directory, 'objects', 'pack'));
    return names.filter((name) => name.endsWith('.pack')).length;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
