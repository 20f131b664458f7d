import { findDefinitions } from './macro-definitions.ts';

/** What a macro must be once the spec is parsed, or else the spec takes another kernel. */
export interface MacroCheck {
  /** E.g. `kmod_kernel_version`. */
  readonly macro: string;
  /** E.g. `5.14.0-611.el9`. */
  readonly expected: string;
  /** What rpm expands to the value that is compared; the macro itself when absent. */
  readonly expression?: string;
  /** The buildroot decides it and not the command line; a spec may do without, and may not know yet. */
  readonly isDerived?: true;
}

/** What the sentence of a failed check begins with in the build's log. */
export const REFUSAL_MARK = 'error: rekmod: ';

/**
 * Appends to a spec the assertion that its macros are what they must be. rpm itself finds it false
 * when it parses the spec, in whatever builder, and fails before anything is built: an unconditional
 * `%define` would win over `--define` without a word.
 *
 * The sentence names macro and line, e.g. `the spec defines kmod_kernel_version itself (line 12):
 * expected 5.14.0-611.el9, found 5.14.0-570.el9`.
 */
export function appendChecks(specText: string, checks: readonly MacroCheck[]): string {
  if (checks.length === 0) return specText;
  // After an empty line, in case that the last one ends with a backslash.
  return `${specText}\n\n${checks.map((check) => writeCheck(specText, check)).join('')}`;
}

/**
 * Finds the sentence of a failed check in a build's log.
 *
 * @returns Without its mark; undefined when no check failed.
 */
export function findRefusal(log: string): string | undefined {
  const start = log.startsWith(REFUSAL_MARK) ? 0 : log.indexOf(`\n${REFUSAL_MARK}`);
  if (start === -1) return undefined;
  const [line = ''] = log.slice(start).trimStart().slice(REFUSAL_MARK.length, 1024).split('\n');
  return line.trimEnd();
}

function writeCheck(specText: string, check: MacroCheck): string {
  const { macro, expected, expression = `%{?${macro}}`, isDerived = false } = check;
  const found = isDerived ? expression : `${expression}%{!?${macro}:nothing}`;
  const lines = [
    `%if "${expression}" != "${expected}"`,
    `%{error:rekmod: ${explain(specText, check)}: expected ${expected}, found ${found}}`,
    // Before 4.15, %{error:} only says so.
    '%include rekmod-refused-this-spec',
    '%endif',
  ];
  // A source RPM is written before that is installed which the spec derives it from.
  const guarded = isDerived ? [`%if "${expression}" != ""`, ...lines, '%endif'] : lines;
  return `${guarded.join('\n')}\n`;
}

function explain(specText: string, { macro, isDerived }: MacroCheck): string {
  const definitions = findDefinitions(specText, macro);
  const last = definitions.filter((definition) => !definition.isOverridable).at(-1);
  if (isDerived)
    return `the spec takes another kernel${last ? ` (${macro}, line ${last.line})` : ` (${macro})`}`;
  if (last) return `the spec defines ${macro} itself (line ${last.line})`;
  return `something defines ${macro} besides rekmod`;
}
