import type { Stream, Target } from '../model/settings.ts';
import { followLike, inherit } from './follow-like.ts';
import { TARGET_DEFAULTS, type TargetEntry } from './schema-stream.ts';
import { claimFile, isDamaged, report, reportUnknown, resolvePath, type Scope } from './scope.ts';

/** Resolves the targets of the user's file and those that its streams build with. */
export function resolveTargets(scope: Scope, streams: readonly Stream[]): readonly Target[] {
  const own = new Map(Object.entries(scope.config.targets ?? {}));
  const { targets: shipped } = scope.shipped;
  const used = streams.map((stream) => stream.target).filter((name) => shipped.has(name));
  const targets: Target[] = [];
  for (const name of new Set([...own.keys(), ...used])) {
    if (isDamaged(scope, 'targets', name)) continue;
    const ancestry = followLike(name, own, shipped);
    if (ancestry.kind === 'found') {
      const target = resolveTarget(scope, name, ancestry.entries);
      if (target !== undefined) targets.push(target);
    } else if (ancestry.kind === 'circle') {
      const circle = ancestry.names.join(' → ');
      report(
        scope,
        ['targets', name, 'like'],
        `targets are like each other in a circle: ${circle}`,
      );
    } else if (!isDamaged(scope, 'targets', ancestry.name)) {
      const known = [...own.keys(), ...shipped.keys()].filter((one) => one !== name);
      reportUnknown(scope, ['targets', name, 'like'], {
        what: 'target',
        name: ancestry.name,
        known,
      });
    }
  }
  for (const stream of streams) checkArch(scope, stream, targets);
  return targets;
}

function resolveTarget(
  scope: Scope,
  name: string,
  entries: readonly TargetEntry[],
): Target | undefined {
  const common = {
    name,
    arch: inherit(entries, (entry) => entry.arch) ?? TARGET_DEFAULTS.arch,
    packages: inherit(entries, (entry) => entry.packages) ?? [],
    repositories: inherit(entries, (entry) => entry.repositories) ?? {},
    ...resolveKeys(scope, name, entries),
    compilerMismatch:
      inherit(entries, (entry) => entry.compilerMismatch) ?? TARGET_DEFAULTS.compilerMismatch,
  };
  const backend = inherit(entries, (entry) => entry.backend) ?? TARGET_DEFAULTS.backend;
  if (backend === 'mock') {
    const root = inherit(entries, (entry) => entry.root);
    if (root === undefined) return reportMissing(scope, name, 'root', 'a configuration of mock');
    const isolation = inherit(entries, (entry) => entry.isolation) ?? TARGET_DEFAULTS.isolation;
    return { ...common, backend, root, isolation };
  }
  const image = inherit(entries, (entry) => entry.image);
  if (image === undefined) return reportMissing(scope, name, 'image', 'an image that has dnf');
  const prepareNetwork =
    inherit(entries, (entry) => entry.prepareNetwork) ?? TARGET_DEFAULTS.prepareNetwork;
  return { ...common, backend, image, prepareNetwork };
}

/** Without keys nothing is set, so that packages are installed as they come. */
function resolveKeys(
  scope: Scope,
  name: string,
  entries: readonly TargetEntry[],
): Pick<Target, 'gpgKeys'> {
  const keys = inherit(entries, (entry) => entry.gpgKeys) ?? [];
  if (keys.length === 0) return {};
  const path = ['targets', name, 'gpgKeys'];
  const repositories = inherit(entries, (entry) => entry.repositories) ?? {};
  if (Object.keys(repositories).length === 0) {
    const sentence = `wrong "targets.${name}.gpgKeys": they are for "repositories", found none; the image or root has keys of its own`;
    report(scope, path, sentence, 'key');
  }
  const gpgKeys = keys.map((key, index) => {
    return claimFile(scope, [...path, index], { at: resolvePath(scope, key), kind: 'file' });
  });
  return { gpgKeys };
}

function reportMissing(scope: Scope, name: string, key: string, expected: string): undefined {
  const sentence = `missing "targets.${name}.${key}": expected ${expected}, or "like:"`;
  report(scope, ['targets', name], sentence, 'key');
}

function checkArch(scope: Scope, stream: Stream, targets: readonly Target[]): void {
  const target = targets.find((one) => one.name === stream.target);
  if (target === undefined || target.arch === stream.arch) return;
  const sentence = `stream "${stream.name}" is ${stream.arch}, its target "${target.name}" is ${target.arch}`;
  report(scope, ['streams', stream.name, 'target'], sentence);
}
