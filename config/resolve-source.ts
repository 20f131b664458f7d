import { dirname } from 'node:path';
import type { GitRef, KmodSource } from '../model/kmod.ts';
import type { GitEntry, KmodEntry } from './schema-kmod.ts';
import { claimFile, type FileKind, report, resolvePath, type Scope } from './scope.ts';
import type { ConfigPath } from './yaml-document.ts';

/** The keys that say where a kmod comes from; exactly one of them stands there. */
const SOURCE_KEYS = ['spec', 'srpm', 'git', 'repository', 'url', 'dkms'] as const;
/** Keys that belong to one of those. */
const COMPANIONS = { sources: 'spec', sha256: 'url' } as const;

/**
 * Resolves where a kmod's spec and sources are; problems go to the scope.
 *
 * @returns undefined if the entry names no source, or several.
 */
export function resolveSource(
  scope: Scope,
  name: string,
  entry: KmodEntry,
): KmodSource | undefined {
  const path = ['kmods', name];
  const given = SOURCE_KEYS.filter((key) => entry[key] !== undefined);
  const [kind, ...others] = given;
  if (kind === undefined || others.length > 0) {
    const wanted = SOURCE_KEYS.map((key) => `"${key}"`).join(', ');
    const found = given.map((key) => `"${key}"`).join(' and ') || 'none';
    const sentence = `wrong "kmods.${name}": expected one of ${wanted}, found ${found}`;
    report(scope, path, sentence, 'key');
    return undefined;
  }
  for (const [key, owner] of Object.entries(COMPANIONS)) {
    if (entry[key as keyof typeof COMPANIONS] === undefined || kind === owner) continue;
    const sentence = `wrong "kmods.${name}.${key}": it belongs to "${owner}", found "${kind}"`;
    report(scope, [...path, key], sentence, 'key');
  }
  switch (kind) {
    case 'spec':
      return resolveSpec(scope, path, entry);
    case 'srpm':
      return { kind, path: claim(scope, [...path, kind], entry.srpm, 'file') };
    case 'git':
      return resolveGit(scope, [...path, kind], entry.git);
    case 'repository':
      return resolveRepository(scope, [...path, kind], entry.repository);
    case 'url':
      return resolveDownload(scope, path, entry);
    case 'dkms':
      return { kind, path: claim(scope, [...path, kind], entry.dkms, 'file or folder') };
  }
}

function claim(scope: Scope, path: ConfigPath, at: string | undefined, kind: FileKind): string {
  return claimFile(scope, path, { at: resolvePath(scope, at ?? ''), kind });
}

function resolveSpec(scope: Scope, path: ConfigPath, { spec: at, sources }: KmodEntry): KmodSource {
  const spec = claim(scope, [...path, 'spec'], at, 'file');
  if (sources === undefined) return { kind: 'spec', spec, sources: dirname(spec) };
  return { kind: 'spec', spec, sources: claim(scope, [...path, 'sources'], sources, 'folder') };
}

function resolveGit(
  scope: Scope,
  path: ConfigPath,
  entry: GitEntry | undefined,
): KmodSource | undefined {
  if (entry === undefined) return undefined;
  const { url, spec, archive, sources, submodules } = entry;
  const refs = (['branch', 'tag', 'commit'] as const).filter((key) => entry[key] !== undefined);
  if (refs.length > 1) {
    const found = refs.map((key) => `"${key}"`).join(' and ');
    const sentence = `wrong "${path.join('.')}": expected one of "branch", "tag", "commit", found ${found}`;
    report(scope, path, sentence, 'key');
  }
  return {
    kind: 'git',
    url,
    ref: toRef(entry),
    ...(spec === undefined ? {} : { spec }),
    ...(archive === undefined ? {} : { archive }),
    ...(sources === undefined
      ? {}
      : { sources: claim(scope, [...path, 'sources'], sources, 'folder') }),
    hasSubmodules: submodules,
  };
}

function toRef({ branch, tag, commit }: GitEntry): GitRef {
  if (commit !== undefined) return { kind: 'commit', commit };
  if (tag !== undefined) return { kind: 'tag', name: tag };
  return branch === undefined ? { kind: 'head' } : { kind: 'branch', name: branch };
}

function resolveRepository(
  scope: Scope,
  path: ConfigPath,
  entry: KmodEntry['repository'],
): KmodSource | undefined {
  if (entry === undefined) return undefined;
  const gpgKeys = entry.gpgKeys.map((key, index) =>
    claim(scope, [...path, 'gpgKeys', index], key, 'file'),
  );
  return { kind: 'repository', url: entry.url, packageName: entry.package, gpgKeys };
}

function resolveDownload(
  scope: Scope,
  path: ConfigPath,
  { url = '', sha256 }: KmodEntry,
): KmodSource | undefined {
  if (sha256 !== undefined) return { kind: 'download', url, sha256: sha256.toLowerCase() };
  const sentence = `missing "${path.join('.')}.sha256": expected what is at the url, found nothing`;
  report(scope, [...path, 'url'], sentence, 'key');
  return undefined;
}
