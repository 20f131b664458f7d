import type { Mirrors, Stream } from '../model/settings.ts';
import type { Repository } from './schema-stream.ts';

/** Resolves what stands below `urls:`; a repository that is listed twice is one. */
export function resolveMirrors(listed: readonly Repository[]): Pick<Stream, 'urls' | 'mirrors'> {
  const repositories = new Map(listed.map(resolveRepository));
  const mirrors = [...repositories].flatMap(([url, own]) => (own ? [[url, own] as const] : []));
  return {
    urls: [...repositories.keys()],
    ...(mirrors.length === 0 ? {} : { mirrors: Object.fromEntries(mirrors) }),
  };
}

/** The base URLs that a file names. */
export function listAddresses(mirrors: Mirrors): readonly string[] {
  return mirrors.kind === 'mirrors' ? mirrors.baseUrls : [];
}

function resolveRepository(repository: Repository): readonly [string, Mirrors | undefined] {
  if (typeof repository === 'string') return [repository, undefined];
  if ('metalink' in repository) return [repository.metalink, { kind: 'metalink' }];
  if ('mirrorlist' in repository) return [repository.mirrorlist, { kind: 'mirrorlist' }];
  const [first = '', ...others] = repository.mirrors;
  if (others.length === 0) return [first, undefined];
  return [first, { kind: 'mirrors', baseUrls: repository.mirrors }];
}
