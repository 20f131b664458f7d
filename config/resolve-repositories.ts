import type { Keep, Mirror, Repository, Stream } from '../model/settings.ts';
import { KeepSection, type MirrorSection, RepositoryEntry } from './schema-repository.ts';
import { STANDARD_REPOSITORY } from './schema-stream.ts';
import { report, type Scope } from './scope.ts';
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
    const entry = own[name] ?? RepositoryEntry.parse({});
    const mirror = entry.mirror && resolveMirror(scope, name, entry.mirror);
    return {
      name,
      ...(entry.baseUrl === undefined ? {} : { baseUrl: entry.baseUrl }),
      ...(mirror ? { mirror } : {}),
      keep: resolveKeep(entry.keep),
    };
  });
}

function resolveMirror(
  scope: Scope,
  name: string,
  { rsync, rclone }: MirrorSection,
): Mirror | undefined {
  if (rsync !== undefined && rclone === undefined) return { by: 'rsync', target: rsync };
  if (rclone !== undefined && rsync === undefined) return { by: 'rclone', target: rclone };
  const found = rsync === undefined ? 'none' : 'both';
  const sentence = `wrong "repositories.${name}.mirror": expected one of "rsync" and "rclone", found ${found}`;
  report(scope, ['repositories', name, 'mirror'], sentence, 'key');
  return undefined;
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
