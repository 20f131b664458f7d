import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { GitRepository } from './git-repository.ts';
import { runGit } from './run-git.ts';

/** A repository within a repository. */
export interface Submodule {
  /** The folder of the tree that it is, e.g. `third_party/lib`. */
  readonly path: string;
  readonly url: string;
  readonly commit: string;
}

const LISTING_BYTES_LIMIT = 64 * 1024 * 1024;
const SUBMODULE_LIMIT = 64;
/** Of a tree's listing: mode, type and object, then a tab and the path. */
const LINK = /^160000 commit (?<commit>[0-9a-f]{40,64})\t(?<path>.+)$/s;

/**
 * Lists the submodules of a commit.
 *
 * @throws {ContentInvalidError} If there are too many, or one whose address is missing or not allowed: what
 *   came over a network may not name repositories of this machine.
 */
export async function listSubmodules(
  { url, directory }: GitRepository,
  commit: string,
  signal: AbortSignal,
): Promise<readonly Submodule[]> {
  const run = { url, signal, maxOutputBytes: LISTING_BYTES_LIMIT };
  const { stdout } = await runGit(
    ['-C', directory, 'ls-tree', '-r', '-z', '--full-tree', commit],
    run,
  );
  const links = stdout.split('\0').flatMap((line) => {
    const { commit: linked, path } = LINK.exec(line)?.groups ?? {};
    return linked === undefined || path === undefined ? [] : [{ commit: linked, path }];
  });
  if (links.length === 0) return [];
  if (links.length > SUBMODULE_LIMIT) {
    const detail = `expected at most ${SUBMODULE_LIMIT} submodules, found ${links.length}`;
    throw new ContentInvalidError(url, detail);
  }
  const settings = ['config', '--blob', `${commit}:.gitmodules`, '-z', '--list'];
  const urls = parseModules((await runGit(['-C', directory, ...settings], run)).stdout);
  return links.map(({ commit: linked, path }) => {
    const given = urls.get(path);
    if (given === undefined) {
      throw new ContentInvalidError(url, `expected an address of submodule "${path}", found none`);
    }
    return { path, commit: linked, url: resolveUrl(url, path, given) };
  });
}

/** @see gitmodules(5): each has a path and a url. */
function parseModules(listing: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const entry of listing.split('\0')) {
    const end = entry.indexOf('\n');
    if (end !== -1) fields.set(entry.slice(0, end), entry.slice(end + 1));
  }
  return new Map(
    [...fields].flatMap(([key, path]) => {
      const name = /^submodule\.(?<name>.*)\.path$/s.exec(key)?.groups?.name;
      const url = name === undefined ? undefined : fields.get(`submodule.${name}.url`);
      return url === undefined ? [] : [[path, url] as const];
    }),
  );
}

function resolveUrl(parent: string, path: string, given: string): string {
  const url = /^\.\.?\//.test(given) ? joinUrl(parent, given) : given;
  const isLocal = url?.startsWith('file://') === true && parent.startsWith('file://');
  const isRemote = /^(?:https|ssh|git):\/\/[A-Za-z0-9]/.test(url ?? '');
  if (url !== undefined && (isLocal || isRemote) && !/[\s\p{Cc}]/u.test(url)) return url;
  const detail = `expected an address of submodule "${path}" that may be used, found "${given}"`;
  throw new ContentInvalidError(parent, detail);
}

/** `../lib.git` begins beside the repository, not below it. */
function joinUrl(parent: string, given: string): string | undefined {
  if (!URL.canParse(parent)) return undefined;
  const base = parent.endsWith('/') ? parent : `${parent}/`;
  return URL.canParse(given, base) ? new URL(given, base).href : undefined;
}
