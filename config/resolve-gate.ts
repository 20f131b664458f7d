import type { GateSettings } from '../model/gate.ts';
import { inherit } from './follow-like.ts';
import { GATE_DEFAULTS, type StreamEntry } from './schema-stream.ts';
import { report, type Scope } from './scope.ts';
import { parseDurationMs } from './units.ts';

/** What a gate must not collide with. */
interface GatedStream {
  readonly name: string;
  readonly urls: readonly string[];
  /** The repository that the stream's kmods are published to. */
  readonly repository: string;
}

/**
 * Resolves the gate of a stream; undefined for a stream that has none. An entry of it that says only
 * `gate:` has one with all defaults.
 */
export function resolveGate(
  scope: Scope,
  { name, urls, repository: published }: GatedStream,
  entries: readonly StreamEntry[],
): GateSettings | undefined {
  if (entries.every((entry) => entry.gate === undefined)) return undefined;
  const isEnabled = inherit(entries, (entry) => entry.gate?.enabled) ?? GATE_DEFAULTS.isEnabled;
  if (!isEnabled) return undefined;
  const repository =
    inherit(entries, (entry) => entry.gate?.repository) ?? `${name}${GATE_DEFAULTS.suffix}`;
  const packages = inherit(entries, (entry) => entry.gate?.packages) ?? GATE_DEFAULTS.packages;
  const grace = inherit(entries, (entry) => entry.gate?.grace) ?? GATE_DEFAULTS.grace;
  if (repository === published) {
    const sentence = `wrong "gate.repository": expected another than the one that kmods are published to, found "${repository}"`;
    report(scope, ['streams', name, 'gate', 'repository'], sentence);
  }
  const local = urls.find((url) => url.startsWith('file:'));
  if (packages === 'upstream' && local !== undefined) {
    const sentence = `wrong "gate.packages": clients cannot get packages from "${local}", so expected "mirror", found "upstream"`;
    report(scope, ['streams', name, 'gate'], sentence, 'key');
  }
  return {
    graceMs: grace === '0s' ? 0 : parseDurationMs(grace),
    packages,
    repository,
    fastLane: {
      severities: inherit(entries, (entry) => entry.gate?.fastLane?.severities) ?? [],
      skip: inherit(entries, (entry) => entry.gate?.fastLane?.skip) ?? GATE_DEFAULTS.skip,
    },
  };
}
