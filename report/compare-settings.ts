import type { Settings } from '../model/settings.ts';
import type { SettingsChanges } from '../model/settings-changes.ts';
import { describeFields } from './describe-fields.ts';

/** What is opened once, at the start: an address to listen on, a server, keys, where is told what. */
export const STARTING_SECTIONS = ['server', 'temporal', 'signing', 'metrics', 'log'] as const;

/** Sections of named entries, and what one of them is called. */
const NAMED_SECTIONS = [
  ['streams', 'stream'],
  ['targets', 'target'],
  ['repositories', 'repository'],
  ['kmods', 'kmod'],
] as const;

/** Sections that are one thing. */
const PLAIN_SECTIONS = ['limits', 'sources', 'failures', 'upkeep', 'retention'] as const;

interface Named {
  readonly name: string;
}

/**
 * Says in words what one configuration changes against another, e.g. `+ kmod jool (…)`, `- stream fedora`,
 * `~ limits.parallelBuilds: 2 → 1`; nothing where both are the same in other words.
 */
export function compareSettings(before: Settings, after: Settings): SettingsChanges {
  return {
    taken: [
      ...NAMED_SECTIONS.flatMap(([section, noun]) =>
        compareNamed(noun, before[section], after[section]),
      ),
      ...PLAIN_SECTIONS.flatMap((section) => comparePlain(section, before, after)),
    ],
    needsRestart: STARTING_SECTIONS.flatMap((section) => comparePlain(section, before, after)),
  };
}

/** Names of kmods that are new, or whose entry says something else; what was removed is nobody's work. */
export function listChangedKmods(before: Settings, after: Settings): readonly string[] {
  const earlier = new Map(before.kmods.map((kmod) => [kmod.name, kmod]));
  return after.kmods
    .filter((kmod) => describeFields(earlier.get(kmod.name), kmod, '').length > 0)
    .map(({ name }) => name);
}

/** The settings that can be taken while everything goes on: those of the start for what is opened once. */
export function keepStartingSections(running: Settings, wanted: Settings): Settings {
  const { server, temporal, signing, metrics, log } = running;
  return { ...wanted, server, temporal, signing, metrics, log };
}

function comparePlain(section: keyof Settings, before: Settings, after: Settings): string[] {
  return describeFields(before[section], after[section], section).map((change) => `~ ${change}`);
}

function compareNamed(
  noun: string,
  before: readonly Named[],
  after: readonly Named[],
): readonly string[] {
  const earlier = new Map(before.map((entry) => [entry.name, entry]));
  const later = new Map(after.map((entry) => [entry.name, entry]));
  const removed = before.filter(({ name }) => !later.has(name));
  const added = after.filter(({ name }) => !earlier.has(name));
  return [
    ...removed.map(({ name }) => `- ${noun} ${name}`),
    ...added.map((entry) => `+ ${noun} ${entry.name}${describeNew(entry)}`),
    ...after.flatMap((entry) => {
      const known = earlier.get(entry.name);
      const fields = known ? describeFields(known, entry, '') : [];
      return fields.map((change) => `~ ${noun} ${entry.name}: ${change}`);
    }),
  ];
}

/** The fields by which people know an entry; the whole of it is what `rekmod config show` prints. */
const TELLING = ['source', 'urls', 'streams', 'target', 'image', 'root', 'required'] as const;

function describeNew(entry: Named): string {
  const told = TELLING.flatMap((key) => {
    const value: unknown = Object.entries(entry).find(([name]) => name === key)?.[1];
    return value === undefined || value === false ? [] : describeFields(undefined, value, key);
  });
  return told.length === 0 ? '' : ` (${told.join(', ')})`;
}
