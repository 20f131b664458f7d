import type { PackageFamily, Stream, StreamTrust } from '../model/settings.ts';
import { followLike, inherit } from './follow-like.ts';
import { resolveGate } from './resolve-gate.ts';
import { listAddresses, resolveMirrors } from './resolve-mirrors.ts';
import { STANDARD_REPOSITORY, STREAM_DEFAULTS, type StreamEntry } from './schema-stream.ts';
import { claimFile, isDamaged, report, reportUnknown, resolvePath, type Scope } from './scope.ts';
import { resolveStaleAfter } from './stale-after.ts';
import { findSimilar, suggest } from './suggest.ts';
import { parseDurationMs } from './units.ts';

/** Resolves every stream that the user's file names; problems go to the scope. */
export function resolveStreams(scope: Scope): readonly Stream[] {
  const own = new Map(Object.entries(scope.config.streams ?? {}));
  const streams: Stream[] = [];
  for (const name of own.keys()) {
    const ancestry = followLike(name, own, scope.shipped.streams);
    if (ancestry.kind === 'found') {
      const stream = resolveStream(scope, name, ancestry.entries);
      if (stream !== undefined) streams.push(stream);
    } else if (ancestry.kind === 'circle') {
      const circle = ancestry.names.join(' → ');
      report(
        scope,
        ['streams', name, 'like'],
        `streams are like each other in a circle: ${circle}`,
      );
    } else if (!isDamaged(scope, 'streams', ancestry.name)) {
      const known = [...own.keys(), ...scope.shipped.streams.keys()].filter((one) => one !== name);
      const unknown = { what: 'stream', name: ancestry.name, known };
      reportUnknown(scope, ['streams', name, 'like'], unknown);
    }
  }
  return streams;
}

function resolveStream(
  scope: Scope,
  name: string,
  entries: readonly StreamEntry[],
): Stream | undefined {
  const listed = inherit(entries, (entry) => entry.urls);
  const target = inherit(entries, (entry) => entry.target);
  if (listed === undefined || target === undefined) {
    reportMissing(scope, name, listed === undefined ? 'urls' : 'target');
    return undefined;
  }
  const { urls, mirrors } = resolveMirrors(listed);
  const repository = inherit(entries, (entry) => entry.repository) ?? name;
  checkReferences(scope, name, { target, repository });
  const addresses = [...urls, ...Object.values(mirrors ?? {}).flatMap(listAddresses)];
  const gate = resolveGate(scope, { name, urls: addresses, repository }, entries);
  const pollIntervalMs = parseDurationMs(
    inherit(entries, (entry) => entry.poll) ?? STREAM_DEFAULTS.poll,
  );
  const staleAfter = inherit(entries, (entry) => entry.staleAfter);
  return {
    name,
    title: inherit(entries, (entry) => entry.title) ?? name,
    urls,
    ...(mirrors === undefined ? {} : { mirrors }),
    arch: inherit(entries, (entry) => entry.arch) ?? STREAM_DEFAULTS.arch,
    family: resolveFamily(entries),
    trust: resolveTrust(scope, name, entries),
    pollIntervalMs,
    staleAfterMs: resolveStaleAfter(pollIntervalMs, staleAfter),
    maxLost: inherit(entries, (entry) => entry.maxLost) ?? STREAM_DEFAULTS.maxLost,
    target,
    repository,
    keepKernels: inherit(entries, (entry) => entry.keepKernels) ?? STREAM_DEFAULTS.keepKernels,
    ...resolveLists(scope, name, entries),
    ...(gate === undefined ? {} : { gate }),
  };
}

function resolveLists(
  scope: Scope,
  name: string,
  entries: readonly StreamEntry[],
): Pick<Stream, 'stablelist' | 'severities'> {
  const resolve = (key: 'stablelist' | 'severities') => {
    const path = inherit(entries, (entry) => entry[key]);
    if (path === undefined) return undefined;
    const at = resolvePath(scope, path);
    return claimFile(scope, ['streams', name, key], { at, kind: 'file' });
  };
  const stablelist = resolve('stablelist');
  const severities = resolve('severities');
  return {
    ...(stablelist === undefined ? {} : { stablelist }),
    ...(severities === undefined ? {} : { severities }),
  };
}

function resolveFamily(entries: readonly StreamEntry[]): PackageFamily {
  const modules = inherit(entries, (entry) => entry.family?.modules);
  return {
    core: inherit(entries, (entry) => entry.family?.core) ?? STREAM_DEFAULTS.core,
    devel: inherit(entries, (entry) => entry.family?.devel) ?? STREAM_DEFAULTS.devel,
    ...(modules === undefined ? {} : { modules }),
    flavours: inherit(entries, (entry) => entry.family?.flavours) ?? STREAM_DEFAULTS.flavours,
  };
}

function resolveTrust(scope: Scope, name: string, entries: readonly StreamEntry[]): StreamTrust {
  const gpgCheck = inherit(entries, (entry) => entry.trust?.gpgCheck) ?? STREAM_DEFAULTS.gpgCheck;
  const repoGpgCheck =
    inherit(entries, (entry) => entry.trust?.repoGpgCheck) ?? STREAM_DEFAULTS.repoGpgCheck;
  // The advice belongs to the entry that names the keys.
  const trust = entries.find((entry) => entry.trust?.gpgKeys !== undefined)?.trust;
  const gpgKeys = (trust?.gpgKeys ?? []).map((key) => resolvePath(scope, key));
  if (gpgCheck || repoGpgCheck) {
    const source = trust?.keysFrom ?? 'from the distribution';
    const advice = `get the key ${source}, or name another file in "trust.gpgKeys"`;
    for (const [index, at] of gpgKeys.entries()) {
      const path = ['streams', name, 'trust', 'gpgKeys', index];
      claimFile(scope, path, { at, kind: 'file', advice });
    }
    if (gpgKeys.length === 0) {
      const expected = 'expected the distribution\'s public keys, or "gpgCheck: false"';
      report(
        scope,
        ['streams', name, 'trust'],
        `missing "streams.${name}.trust.gpgKeys": ${expected}`,
      );
    }
  }
  return { gpgKeys, gpgCheck, repoGpgCheck };
}

function reportMissing(scope: Scope, name: string, key: 'urls' | 'target'): void {
  const path = ['streams', name];
  const shipped = [...scope.shipped.streams.keys()];
  if (
    scope.config.streams?.[name]?.like === undefined &&
    findSimilar(name, shipped) !== undefined
  ) {
    const sentence = `stream "${name}" is not shipped and has no "${key}": ${suggest(name, shipped)}`;
    report(scope, path, sentence, 'key');
    return;
  }
  const expected =
    key === 'urls' ? 'the URLs of its rpm-md repositories' : 'the target that builds';
  report(scope, path, `missing "streams.${name}.${key}": expected ${expected}, or "like:"`, 'key');
}

function checkReferences(
  scope: Scope,
  name: string,
  wanted: { readonly target: string; readonly repository: string },
): void {
  const targets = [...Object.keys(scope.config.targets ?? {}), ...scope.shipped.targets.keys()];
  const repositories = [
    STANDARD_REPOSITORY,
    ...Object.keys(scope.config.repositories ?? {}),
    ...Object.keys(scope.config.streams ?? {}),
  ];
  if (!targets.includes(wanted.target) && !isDamaged(scope, 'targets', wanted.target)) {
    const unknown = { what: 'target', name: wanted.target, known: targets };
    reportUnknown(scope, ['streams', name, 'target'], unknown);
  }
  const { repository } = wanted;
  if (!repositories.includes(repository) && !isDamaged(scope, 'repositories', repository)) {
    const unknown = { what: 'repository', name: repository, known: repositories };
    reportUnknown(scope, ['streams', name, 'repository'], unknown);
  }
}
