import type { z } from 'zod';
import { Config } from './schema.ts';
import { damagedKey } from './scope.ts';

/** What could be saved of a configuration, and what was wrong with the rest. */
export interface SalvagedConfig {
  readonly config: Config;
  readonly issues: readonly z.core.$ZodIssue[];
  /** Sections and entries that were left out; see `damagedKey`. */
  readonly damaged: ReadonlySet<string>;
}

const NAMED_SECTIONS: readonly unknown[] = ['streams', 'targets', 'kmods', 'repositories'];

/**
 * Checks a configuration; entries with problems are left out, so that the others can be checked
 * further and all problems of a file come at once.
 */
export function salvageConfig(value: unknown): SalvagedConfig {
  const first = Config.safeParse(value);
  if (first.success) return { config: first.data, issues: [], damaged: new Set() };
  const { issues } = first.error;
  const damaged = new Set(issues.flatMap(findDamaged));
  const second = Config.safeParse(leaveOut(value, damaged));
  return { config: second.success ? second.data : Config.parse({}), issues, damaged };
}

function findDamaged(issue: z.core.$ZodIssue): readonly string[] {
  const [section, name] = issue.path;
  if (section === undefined) return issue.code === 'unrecognized_keys' ? issue.keys : [];
  const isEntry = NAMED_SECTIONS.includes(section) && name !== undefined;
  return [isEntry ? damagedKey(String(section), String(name)) : damagedKey(String(section))];
}

function leaveOut(value: unknown, damaged: ReadonlySet<string>): unknown {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([section]) => !damaged.has(damagedKey(section)))
      .map(([section, entries]) => [section, leaveOutEntries(section, entries, damaged)]),
  );
}

function leaveOutEntries(section: string, value: unknown, damaged: ReadonlySet<string>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([name]) => !damaged.has(damagedKey(section, name))),
  );
}
