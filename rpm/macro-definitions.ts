import { SpecParseError } from '../model/parse-errors.ts';
import { effectiveLines, joinSpecLines, readSpecLines } from './spec-lines.ts';

/** Where a spec sets a macro. */
export interface MacroDefinition {
  /** Counted from 1. */
  readonly line: number;
  /** As it is written, e.g. `5.14.0-611.el9`, `%(uname -r)`. */
  readonly value: string;
  /** Whether it yields to `--define`: `%{!?name: %define name …}`. Every other one wins over it. */
  readonly isOverridable: boolean;
  /** Whether it is a line of its own, and so can be rewritten. */
  readonly isPlain: boolean;
}

const MACRO_NAME = /^[A-Za-z_]\w{2,63}$/;
/** Also in a comment: rpm expands macros there, and a definition takes effect. */
const PLAIN = /^(?<head>[ \t#]*%(?:define|global)[ \t]+(?<name>\w+)[ \t]+)(?<value>\S[\s\S]*)$/;

/**
 * Finds the definitions of a macro in the order of the spec, also those in branches of `%if`, in
 * comments and inside of other macros. What `%include` or other macros bring is not seen.
 */
export function findDefinitions(specText: string, macro: string): readonly MacroDefinition[] {
  const nested = nestedForm(macro);
  const definitions: MacroDefinition[] = [];
  for (const { number, text } of readSpecLines(specText)) {
    const plain = PLAIN.exec(text)?.groups;
    if (plain?.name === macro) {
      const value = (plain.value ?? '').trimEnd();
      definitions.push({ line: number, value, isOverridable: false, isPlain: true });
      continue;
    }
    let line = number;
    let seenTo = 0;
    for (const { groups, index } of text.matchAll(nested)) {
      const { guard, value = '' } = groups ?? {};
      line += text.slice(seenTo, index).split('\n').length - 1;
      seenTo = index;
      definitions.push({ line, value, isOverridable: guard !== undefined, isPlain: false });
    }
  }
  return definitions;
}

/** Tells whether a spec sets a macro only where the command line does not: `%{!?kversion: …}`. */
export function isOverridable(specText: string, macro: string): boolean {
  const lines = effectiveLines(specText);
  return [`%{!?${macro}:`, `%{?!${macro}:`].some((mark) => lines.includes(mark));
}

/**
 * Gives a macro another value wherever a line of the spec sets it, since that wins over `--define`.
 * Lines keep their numbers.
 *
 * @param value One word.
 * @throws {SpecParseError} If no line does.
 */
export function rewriteDefinitions(specText: string, macro: string, value: string): string {
  let count = 0;
  const lines = readSpecLines(specText).map((line) => {
    const groups = PLAIN.exec(line.text)?.groups;
    if (groups?.name !== macro) return line;
    count += 1;
    const end = line.text.endsWith('\r') ? '\r' : '';
    const blankLines = '\n'.repeat(line.text.split('\n').length - 1);
    return { ...line, text: `${groups.head}${value}${end}${blankLines}` };
  });
  if (count === 0) {
    throw new SpecParseError(`expected a line that defines the macro "${macro}", found none`);
  }
  return joinSpecLines(lines);
}

function nestedForm(macro: string): RegExp {
  if (!MACRO_NAME.test(macro)) throw new Error(`BUG: "${macro}" is no macro name`);
  const guard = `(?<guard>%\\{(?:!\\?|\\?!)${macro}:[ \\t]*)?`;
  return new RegExp(
    `${guard}(?<!%)%(?:define|global)[ \\t]+${macro}[ \\t]+(?<value>[^\\n}]{0,512})`,
    'g',
  );
}
