import type { Keep, Repository, Stream } from '../model/settings.ts';
import { KeepSection, RepositoryEntry } from './schema-repository.ts';
import { STANDARD_REPOSITORY } from './schema-stream.ts';
import type { Scope } from './scope.ts';
import { parseDurationMs } from './units.ts';

/**
 * The repositories of the user's file and those that streams publish to or gates list kernels in; `kmods` if
 * there are none.
 */
export function resolveRepositories(
  scope: Scope,
  streams: readonly Stream[],
): readonly Repository[] {
  const own = scope.config.repositories ?? {};
  const used = streams.flatMap(({ repository, gate }) => [
    repository,
    ...(gate ? [gate.repository] : []),
  ]);
  const names = new Set([...Object.keys(own), ...used]);
  if (names.size === 0) names.add(STANDARD_REPOSITORY);
  return [...names].map((name) => {
    const { baseUrl, keep } = own[name] ?? RepositoryEntry.parse({});
    return { name, ...(baseUrl === undefined ? {} : { baseUrl }), keep: resolveKeep(keep) };
  });
}

function resolveKeep(section: KeepSection | null): Keep {
  const { snapshots, history, builds, gone, grace } = section ?? KeepSection.parse({});
  return {
    snapshotCount: snapshots,
    historyMs: parseDurationMs(history),
    buildCount: builds,
    goneMs: parseDurationMs(gone),
    graceMs: parseDurationMs(grace),
  };
}
