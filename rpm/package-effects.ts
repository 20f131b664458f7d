import { quoteExcerpt, RpmHeaderParseError } from '../model/parse-errors.ts';
import type { HeaderTags } from './header-tags.ts';

/** What a package does to a machine besides bringing its files. */
export interface PackageEffects {
  /** Names of packages that it replaces. */
  readonly obsoletes: readonly string[];
  /** Names of packages whose changes run scripts of this one. */
  readonly triggers: readonly string[];
  /** Begins of paths whose changes run scripts of this one. */
  readonly fileTriggers: readonly string[];
  /** By position in the list of files, e.g. `cap_net_admin=ep`; empty where none has any. */
  readonly capabilities: readonly string[];
}

const TAG = {
  obsoleteNames: 1090,
  triggerNames: 1066,
  fileTriggerNames: 5069,
  transactionFileTriggerNames: 5079,
  fileCapabilities: 5010,
} as const;
const NAME_LIMIT = 10_000;

/**
 * Reads what a package does besides bringing its files.
 *
 * @throws {RpmHeaderParseError} If it names more packages than any does.
 * @see rpm 4.18 lib/rpmtag.h
 */
export function readPackageEffects(tags: HeaderTags): PackageEffects {
  const take = (tag: number): readonly string[] => {
    const names = [...new Set(tags.get(tag) ?? [])];
    if (names.length <= NAME_LIMIT) return names;
    const found = `${names.length}, ${quoteExcerpt(names[0] ?? '')} among them`;
    throw new RpmHeaderParseError(`expected at most ${NAME_LIMIT} names, found ${found}`);
  };
  return {
    obsoletes: take(TAG.obsoleteNames),
    triggers: take(TAG.triggerNames),
    fileTriggers: [...take(TAG.fileTriggerNames), ...take(TAG.transactionFileTriggerNames)],
    capabilities: tags.get(TAG.fileCapabilities) ?? [],
  };
}
