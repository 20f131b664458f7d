import { DkmsParseError } from '../../model/parse-errors.ts';
import type { WordPart } from './shell-cursor.ts';
import { type ShellValue, textOf, type ValuePart } from './shell-value.ts';
import type { ShellWord } from './tokenize.ts';

/** What is known of the variables of a file while it is read. */
export interface Variables {
  /** Values by index; a plain variable has the index 0. */
  readonly values: ReadonlyMap<string, ReadonlyMap<number, ShellValue>>;
  /** Variables that conditions assign. */
  readonly unsure: ReadonlySet<string>;
}

/** What DKMS sets before it reads a `dkms.conf`. */
const BUILD_VARIABLES = new Set([
  'kernelver',
  'kernel_source_dir',
  'kernel_config',
  'dkms_tree',
  'source_tree',
  'arch',
]);
/** Variables can hold each other; a file of forty lines could ask for terabytes. */
const VALUE_LENGTH_LIMIT = 64 * 1024;
const INDEX_LIMIT = 4096;
const INTEGER = /^\d{1,9}$/;
const SUM = /^\$\(\(\s*\$?(?<name>[A-Za-z_]\w*)\s*(?<sign>[+-])\s*(?<step>\d{1,6})\s*\)\)$/;

/**
 * Evaluates a word as far as that can be done without a shell.
 *
 * @throws {DkmsParseError} If the value is longer than 64 KiB.
 */
export function evaluateWord(variables: Variables, { parts, line }: ShellWord): ShellValue {
  return joinValues(
    parts.map((part) => evaluatePart(variables, part)),
    line,
  );
}

/**
 * Makes one value of several.
 *
 * @throws {DkmsParseError} If it is longer than 64 KiB.
 */
export function joinValues(values: readonly ShellValue[], line: number): ShellValue {
  const joined: ValuePart[] = [];
  let length = 0;
  for (const part of values.flat()) {
    length += part.kind === 'variable' ? 1 : part.text.length;
    if (length > VALUE_LENGTH_LIMIT) {
      const detail = `expected a value of at most ${VALUE_LENGTH_LIMIT} characters, found more`;
      throw new DkmsParseError(detail, line);
    }
    const last = joined.at(-1);
    if (last?.kind === 'text' && part.kind === 'text') {
      joined[joined.length - 1] = { kind: 'text', text: last.text + part.text };
    } else joined.push(part);
  }
  return joined;
}

/**
 * Evaluates what stands in the brackets of an assignment: `0`, `i` or `$i`.
 *
 * @returns undefined if it is no number from 0 to 4096.
 */
export function evaluateIndex(variables: Variables, text: string): number | undefined {
  const name = text.replace(/^\$\{?(\w+)\}?$/, '$1');
  const known = INTEGER.test(name) ? name : findText(variables, name);
  if (known === undefined || !INTEGER.test(known)) return undefined;
  return Number(known) <= INDEX_LIMIT ? Number(known) : undefined;
}

function evaluatePart(variables: Variables, { kind, text }: WordPart): ShellValue {
  if (kind === 'text') return [{ kind, text }];
  if (kind === 'shell') {
    const sum = evaluateSum(variables, text);
    return [sum === undefined ? { kind, text } : { kind: 'text', text: sum }];
  }
  const known = variables.values.get(text)?.get(0);
  if (known && !variables.unsure.has(text)) return known;
  if (BUILD_VARIABLES.has(text)) return [{ kind: 'variable', name: text }];
  return [{ kind: 'shell', text: `\${${text}}` }];
}

/** `$((i+1))`, as counters of modules have it. */
function evaluateSum(variables: Variables, text: string): string | undefined {
  const { name = '', sign, step } = SUM.exec(text)?.groups ?? {};
  const known = findText(variables, name);
  if (known === undefined || !INTEGER.test(known) || step === undefined) return undefined;
  return String(sign === '+' ? Number(known) + Number(step) : Number(known) - Number(step));
}

function findText({ values, unsure }: Variables, name: string): string | undefined {
  const value = values.get(name)?.get(0);
  return value === undefined || unsure.has(name) ? undefined : textOf(value);
}
