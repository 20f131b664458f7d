import { LoadTestError } from '../model/load-test-errors.ts';

/** A module of a {@link BootGroup}. */
export interface BootModule {
  /** The kernel's name of it, dashes as underscores, e.g. `nf_conntrack`. */
  readonly name: string;
  /** As `insmod` takes them, e.g. `debug=1 devices=2`. */
  readonly parameters?: string;
  /** False of in-tree modules that are inserted only because others need them. */
  readonly isUnderTest: boolean;
  /** Names of modules of the same group without which it is not tried; others are ignored. */
  readonly needs?: readonly string[];
}

/** Modules that are inserted together, in order, and removed again in the reverse order. */
export interface BootGroup {
  readonly name: string;
  readonly modules: readonly BootModule[];
}

/** One insertion; its number is its index. */
export interface BootStep {
  readonly group: number;
  /** Index in the group's modules. */
  readonly module: number;
}

/** What the guest is told to do. */
export interface BootScript {
  readonly steps: readonly BootStep[];
  /** The guest's file `/plan`. */
  readonly text: string;
}

/** As large as the tables of `activities/load-test/guest-init.c`. */
const STEP_LIMIT = 4096;
const TEXT_LIMIT = 2 ** 20 - 1;
const MODULE_NAME = /^[A-Za-z0-9_.+-]{1,63}$/;
// Printable ASCII: the kernel splits at spaces and reads quotes by itself.
const PARAMETERS = /^[ -~]{0,1024}$/;

/**
 * Writes the guest's instructions, a line each: the token, then
 * `g <group>`, `i <step> <needed steps or -> <name> <parameters>`, `r <step> <name>`, `w <ms>`.
 *
 * The last group's in-tree modules stay in the kernel: nothing comes after them.
 *
 * @param token Proves that a line is the guest's and of this very run: 16 to 60 letters and digits.
 * @throws {LoadTestError} If a name or parameters cannot be told, or there are too many modules.
 */
export function writeBootScript(
  groups: readonly BootGroup[],
  { token, settleMs }: { readonly token: string; readonly settleMs: number },
): BootScript {
  const steps = groups.flatMap((group, groupIndex) =>
    group.modules.map((_, module) => ({ group: groupIndex, module })),
  );
  if (steps.length > STEP_LIMIT) {
    throw new LoadTestError(`expected at most ${STEP_LIMIT} in a boot, found ${steps.length}`);
  }
  const lines = [token];
  let first = 0;
  groups.forEach((group, index) => {
    const isLast = index === groups.length - 1;
    lines.push(`g ${index}`, ...writeGroup(group, { first, isLast, settleMs }));
    first += group.modules.length;
  });
  const text = `${lines.join('\n')}\n`;
  if (text.length > TEXT_LIMIT) {
    throw new LoadTestError(
      `expected a plan of at most ${TEXT_LIMIT} characters, found ${text.length}`,
    );
  }
  return { steps, text };
}

function writeGroup(
  { modules }: BootGroup,
  place: { readonly first: number; readonly isLast: boolean; readonly settleMs: number },
): readonly string[] {
  const inserts = modules.map((module, index) => {
    requireTold('a module name', module.name, MODULE_NAME);
    requireTold('parameters', module.parameters ?? '', PARAMETERS);
    const needs = modules.flatMap((other, at) =>
      at < index && module.needs?.includes(other.name) ? [place.first + at] : [],
    );
    const needed = needs.length === 0 ? '-' : needs.join(',');
    return `i ${place.first + index} ${needed} ${module.name} ${module.parameters ?? ''}`;
  });
  const removals = modules.flatMap((module, index) =>
    module.isUnderTest || !place.isLast ? [`r ${place.first + index} ${module.name}`] : [],
  );
  const wait = `w ${place.settleMs}`;
  return [...inserts, wait, ...removals.reverse(), wait];
}

function requireTold(what: string, text: string, pattern: RegExp): void {
  if (pattern.test(text)) return;
  throw new LoadTestError(
    `expected ${what} like ${pattern.source}, found ${JSON.stringify(text.slice(0, 80))}`,
  );
}
