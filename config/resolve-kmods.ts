import type { Kmod } from '../model/kmod.ts';
import type { Stream } from '../model/settings.ts';
import { resolveLoadTest } from './resolve-load-test.ts';
import { resolveSource } from './resolve-source.ts';
import type { KmodEntry } from './schema-kmod.ts';
import { claimFile, isDamaged, report, reportUnknown, resolvePath, type Scope } from './scope.ts';

/** Resolves the inventory; problems go to the scope. */
export function resolveKmods(scope: Scope, streams: readonly Stream[]): readonly Kmod[] {
  const kmods: Kmod[] = [];
  for (const [name, entry] of Object.entries(scope.config.kmods ?? {})) {
    checkStreams(scope, name, entry);
    checkNeeds(scope, name, entry);
    checkRepositories(scope, name, { entry, streams });
    const source = resolveSource(scope, name, entry);
    const loadTest = resolveLoadTest(scope, name, entry);
    if (source === undefined) continue;
    kmods.push({
      name,
      source,
      dialect: entry.dialect,
      ...(entry.defines === undefined ? {} : { defines: entry.defines }),
      streams: [...new Set(entry.streams)],
      ...(entry.minKernel === undefined ? {} : { minKernel: entry.minKernel }),
      ...(entry.maxKernel === undefined ? {} : { maxKernel: entry.maxKernel }),
      required: entry.required,
      ...listNeeds(entry),
      ...(loadTest === undefined ? {} : { loadTest }),
      ...resolveBinaries(scope, name, entry),
      ...(entry.owner === undefined ? {} : { owner: entry.owner }),
    });
  }
  return kmods;
}

function checkStreams(scope: Scope, name: string, entry: KmodEntry): void {
  const known = Object.keys(scope.config.streams ?? {});
  for (const [index, stream] of entry.streams.entries()) {
    if (known.includes(stream) || isDamaged(scope, 'streams', stream)) continue;
    const path = ['kmods', name, 'streams', index];
    if (scope.shipped.streams.has(stream)) {
      const advice = `add "${stream}: {}" below "streams"`;
      report(scope, path, `stream "${stream}" is shipped but not in use: ${advice}`);
    } else {
      const all = [...known, ...scope.shipped.streams.keys()];
      reportUnknown(scope, path, { what: 'stream', name: stream, known: all });
    }
  }
}

function listNeeds({ needs }: KmodEntry): Pick<Kmod, 'needs'> {
  return needs.length === 0 ? {} : { needs: [...new Set(needs)].sort() };
}

/** What is not built for a stream could never be there first. Cycles are told by `config check`. */
function checkNeeds(scope: Scope, name: string, entry: KmodEntry): void {
  const kmods = scope.config.kmods ?? {};
  for (const [index, need] of entry.needs.entries()) {
    const path = ['kmods', name, 'needs', index];
    const needed = kmods[need];
    if (need === name) {
      report(scope, path, `wrong "kmods.${name}.needs": a kmod cannot need itself`);
    } else if (needed === undefined) {
      if (isDamaged(scope, 'kmods', need)) continue;
      reportUnknown(scope, path, { what: 'kmod', name: need, known: Object.keys(kmods) });
    } else {
      const stream = entry.streams.find((wanted) => !needed.streams.includes(wanted));
      if (stream === undefined) continue;
      const sentence = `"${name}" is built for the stream "${stream}" and needs "${need}", which is not`;
      report(scope, path, sentence);
    }
  }
}

/**
 * Refuses streams of one kmod that share a repository: the file name of a package holds the kernel
 * release but not the stream, so one stream's package would stand for the other's.
 */
function checkRepositories(
  scope: Scope,
  name: string,
  { entry, streams }: { readonly entry: KmodEntry; readonly streams: readonly Stream[] },
): void {
  const byRepository = new Map<string, string>();
  for (const [index, wanted] of entry.streams.entries()) {
    const repository = streams.find((stream) => stream.name === wanted)?.repository;
    if (repository === undefined) continue;
    const other = byRepository.get(repository) ?? wanted;
    byRepository.set(repository, other);
    if (other === wanted) continue;
    const sentence =
      `streams "${other}" and "${wanted}" both publish to "${repository}", where the packages of ` +
      `"${name}" would replace each other: give one of them another "repository"`;
    report(scope, ['kmods', name, 'streams', index], sentence);
  }
}

function resolveBinaries(
  scope: Scope,
  name: string,
  { binaries, binaryNames: names }: KmodEntry,
): Pick<Kmod, 'binaries'> {
  if (binaries.length === 0 && names.length > 0) {
    const sentence = `wrong "kmods.${name}.binaryNames": without "binaries" there is nothing to choose from`;
    report(scope, ['kmods', name, 'binaryNames'], sentence, 'key');
  }
  if (binaries.length === 0) return {};
  const paths = binaries.map((path, index) => {
    const at = resolvePath(scope, path);
    return claimFile(scope, ['kmods', name, 'binaries', index], { at, kind: 'file or folder' });
  });
  return { binaries: { paths, names } };
}
