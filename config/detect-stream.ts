/** What a distribution says of itself. @see os-release(5) */
export interface Distribution {
  /** E.g. `fedora`. */
  readonly id: string;
  /** E.g. `44`, `9.6`; empty where there is none. */
  readonly version: string;
  /** For people. */
  readonly name: string;
}

/** Reads an os-release file; what it does not say is empty. */
export function parseOsRelease(text: string): Distribution {
  const values = new Map<string, string>();
  for (const line of text.slice(0, 64 * 1024).split('\n')) {
    const found = /^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(\S*))\s*$/.exec(line);
    if (found?.[1]) values.set(found[1], found[2] ?? found[3] ?? found[4] ?? '');
  }
  const id = values.get('ID') ?? '';
  const version = values.get('VERSION_ID') ?? '';
  return { id, version, name: values.get('PRETTY_NAME') ?? `${id} ${version}`.trim() };
}

/** IDs that are named otherwise in stream names. */
const STREAM_PREFIXES: Readonly<Record<string, string>> = { centos: 'centos-stream' };

/**
 * Finds the shipped stream of a distribution, by its whole version, its major one, or none.
 *
 * @param shipped E.g. `['centos-stream-9', 'fedora-44', 'opensuse-tumbleweed']`.
 * @returns Undefined where none is shipped for it.
 */
export function detectStream(
  { id, version }: Distribution,
  shipped: readonly string[],
): string | undefined {
  const prefix = STREAM_PREFIXES[id] ?? id;
  const names = [`${prefix}-${version}`, `${prefix}-${version.split('.')[0]}`, prefix];
  return names.find((name) => shipped.includes(name));
}
