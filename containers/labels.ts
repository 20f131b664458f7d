import type { Labels } from './backend.ts';
import type { EngineLabels } from './engine.ts';

/**
 * Of every label. A caller's labels (`Labels`) get it too; those of a data directory's containers are
 * `home` (its id), `kernel` (`<stream>/<release>`), `cell` (`<stream>/<release>/<kmod>`, absent where a
 * buildroot is prepared for all), `workflow`, `run` (ids of Temporal's) and `attempt` (a number).
 */
const PREFIX = 'io.rekmod.';

/** On every container, its role: `prepare` or `build`. */
export const CONTAINER_LABEL = `${PREFIX}container`;
/** On every buildroot image: its digest. */
export const DIGEST_LABEL = `${PREFIX}digest`;
/** On every buildroot image: for how many specs `BuildRequires` could not be had. */
export const UNSATISFIED_LABEL = `${PREFIX}unsatisfied`;
/** On every buildroot image: what is known of the compilers, as `writeToolchainLabel` writes it. */
export const TOOLCHAIN_LABEL = `${PREFIX}toolchain`;
/** On every buildroot image, for people. */
export const TARGET_LABEL = `${PREFIX}target`;
/** On every buildroot image, for people. */
export const RELEASE_LABEL = `${PREFIX}release`;

/** Gives a caller's labels the prefix, e.g. `home` becomes `io.rekmod.home`. */
export function prefixLabels(labels: Labels): EngineLabels {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [`${PREFIX}${name}`, value]),
  );
}

/** Finds a caller's labels again, e.g. `io.rekmod.home` as `home`. */
export function withoutPrefix(labels: EngineLabels): Labels {
  return Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => name.startsWith(PREFIX))
      .map(([name, value]) => [name.slice(PREFIX.length), value]),
  );
}

/** Makes a text fit for an image label: other characters than plain ones become `_`. */
export function toLabelValue(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._+:@/-]/g, '_');
}
