import { SpecParseError } from '../../model/parse-errors.ts';
import { joinSpecLines, readSpecLines } from '../spec-lines.ts';

/** One use of `%kernel_module_package` or `%suse_kernel_module_package`, after its name. */
interface Invocation {
  readonly isInverted: boolean;
  readonly options: readonly string[];
  readonly hasExclusion: boolean;
  readonly flavours: readonly string[];
}

const USE = /%(?:\{)?(?<suse>suse_)?kernel_module_package(?=[\s}]|$)/g;
/** Options of either vendor's macro that have a value. */
const VALUE_OPTIONS = 'nvrtsfpc';

/** Tells whether a spec makes its packages with the macro that Red Hat and SUSE both have. */
export function usesKernelModulePackage(lines: string): boolean {
  return lines.search(USE) !== -1;
}

/**
 * Narrows what a spec builds to one flavour of the kernel: `%kernel_module_package -x debug` becomes
 * `%kernel_module_package default`. A build root may hold more flavours than the one that is built,
 * since `kernel-syms` requires them all.
 *
 * `%kernel_module_package` takes a list, or with `-x` what is not built; `%suse_kernel_module_package`
 * the other way round. A list that macros make is left alone.
 *
 * @throws {SpecParseError} If no use of the macro builds for the flavour.
 * @see openSUSE/kernel-source rpm/macros.kernel-source
 */
export function narrowFlavours(specText: string, flavour: string): string {
  let count = 0;
  let refusedCount = 0;
  const lines = readSpecLines(specText).map((line) => {
    if (/^\s*#/.test(line.text)) return line;
    let text = '';
    let end = 0;
    let seenTo = 0;
    for (const match of line.text.matchAll(USE)) {
      const start = match.index + match[0].length;
      if (start < seenTo) continue;
      const stop = findEnd(line.text, start);
      seenTo = stop;
      const isInverted = match.groups?.suse !== undefined;
      const narrowed = narrow(readInvocation(line.text.slice(start, stop), isInverted), flavour);
      count += 1;
      if (narrowed === 'refused') refusedCount += 1;
      if (typeof narrowed !== 'object') continue;
      text += `${line.text.slice(end, start)}${keepLineCount(narrowed.arguments, line.text.slice(start, stop))}`;
      end = stop;
    }
    return { ...line, text: text + line.text.slice(end) };
  });
  if (count > 0 && count === refusedCount) {
    throw new SpecParseError(
      `expected a spec that builds for the flavour "${flavour}", found none`,
    );
  }
  return joinSpecLines(lines);
}

function narrow(
  { isInverted, options, hasExclusion, flavours }: Invocation,
  flavour: string,
): { readonly arguments: string } | 'refused' | 'untouched' {
  if (flavours.some((word) => word.includes('%'))) return 'untouched';
  const isExcluding = isInverted !== hasExclusion;
  const isBuilt = flavours.length === 0 || flavours.includes(flavour) !== isExcluding;
  if (!isBuilt) return 'refused';
  const words = [...options, ...(isInverted ? ['-x'] : []), flavour];
  return { arguments: ` ${words.join(' ')}` };
}

/** To the end of the line, or to the brace that closes the macro around it. */
function findEnd(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i += 1) {
    const character = text[i];
    if (character === '{' || character === '(') depth += 1;
    else if (character === '}' || character === ')') depth -= 1;
    if (depth < 0) return i;
    if (depth === 0 && character === '\n' && text[i - 1] !== '\\') return i;
  }
  return text.endsWith('\r') ? text.length - 1 : text.length;
}

function readInvocation(text: string, isInverted: boolean): Invocation {
  const options: string[] = [];
  const flavours: string[] = [];
  let hasExclusion = false;
  const words = splitWords(text);
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    if (!/^-[A-Za-z]/.test(word)) {
      flavours.push(word);
    } else if (VALUE_OPTIONS.includes(word[1] ?? '')) {
      options.push(word);
      if (word.length === 2) options.push(words[++i] ?? '');
    } else if (word === '-x') hasExclusion = true;
    else options.push(word);
  }
  return { isInverted, options, hasExclusion, flavours };
}

/** At blanks and continued lines outside of macros. */
function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let depth = 0;
  for (const character of text.replaceAll(/\\\n/g, ' ')) {
    if (character === '{' || character === '(') depth += 1;
    else if (character === '}' || character === ')') depth -= 1;
    if (depth > 0 || !/\s/.test(character)) word += character;
    else if (word !== '') {
      words.push(word);
      word = '';
    }
  }
  return word === '' ? words : [...words, word];
}

function keepLineCount(written: string, replaced: string): string {
  return `${written}${' \\\n'.repeat(replaced.split('\n').length - 1)}`;
}
