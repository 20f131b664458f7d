import { openPlainMacros, type PlainMacros } from './plain-macros.ts';
import { readSpecLines } from './spec-lines.ts';

/** What a spec wants of other packages, and what it gives them. */
export interface SpecDependencies {
  /** Names without versions, in the spec's order, e.g. `kmod-dahdi-devel`, `ksym(dahdi_register)`. */
  readonly buildRequires: readonly string[];
  readonly requires: readonly string[];
  /** Its binary packages and what they say they provide, e.g. `kmod-dahdi`, `dahdi-kmod`, `kmod(dahdi.ko)`. */
  readonly provides: readonly string[];
}

const SECTION =
  /^\s*%(?:description|prep|conf|build|install|check|clean|files|changelog|(?:pre|post)(?:un|trans)?|trigger\w*)\b/;
const PACKAGE = /^\s*%package[ \t]+(?<option>-n[ \t]+)?(?<name>\S+)/;
const DEPENDENCY =
  /^[ \t]*(?<tag>buildrequires|requires|provides)(?:\([\w, ]*\))?[ \t]*:[ \t]*(?<value>\S.*)$/i;
const NAME_TAG = /^[ \t]*name[ \t]*:[ \t]*(?<value>\S+)/i;
/** `%{?_isa}` is `(x86-64)`: which architecture makes no other package. */
const OPTIONAL_ISA = /%\{\?_isa\}/g;
const OPERATOR = /^(?:[<>]=?|=)$/;
const RICH_WORDS: ReadonlySet<string> = new Set('and or if else with without unless'.split(' '));
/** What every kmod package provides, or requires, of the kernel: no kmod is meant by it. */
const COMMON = /^(?:kernel|installonlypkg\(|modalias\(|kabi-|rpmlib\(|config\(|\/)/;
const NAME_LENGTH_LIMIT = 512;

/**
 * Reads the dependencies of a spec, as far as that can be said without rpm: also of branches that a
 * condition may leave out, but nothing whose macros the spec does not define in plain words, nothing
 * that macros of the distribution bring, and nothing of the kernel's own packages.
 *
 * @param defines Macros of the command line.
 * @throws {SpecParseError} If the spec is larger than 4 MiB.
 */
export function readSpecDependencies(
  specText: string,
  defines: Readonly<Record<string, string>> = {},
): SpecDependencies {
  const macros = openPlainMacros(defines);
  const found: Found = { buildrequires: new Set(), requires: new Set(), provides: new Set() };
  let main = '';
  for (const { text, sub } of listPreambleLines(specText, macros)) {
    const name = macros.expand(sub?.name ?? NAME_TAG.exec(text)?.groups?.value ?? '') ?? '';
    if (sub === undefined && name !== '') main = name;
    if (name !== '') found.provides.add(sub && !sub.option ? `${main}-${name}` : name);
    noteDependencies(text, macros, found);
  }
  return {
    buildRequires: [...found.buildrequires],
    requires: [...found.requires],
    provides: [...found.provides],
  };
}

type Found = Readonly<Record<'buildrequires' | 'requires' | 'provides', Set<string>>>;

/** Lines with directives; `sub` of those that begin another package. */
function* listPreambleLines(specText: string, macros: PlainMacros) {
  let isPreamble = true;
  for (const { text } of readSpecLines(specText)) {
    const sub = PACKAGE.exec(text)?.groups;
    if (sub) isPreamble = true;
    else if (SECTION.test(text)) isPreamble = false;
    for (const line of text.split('\n')) macros.read(line);
    if (isPreamble) yield { text, sub };
  }
}

function noteDependencies(text: string, macros: PlainMacros, found: Found): void {
  const { tag = '', value = '' } = DEPENDENCY.exec(text)?.groups ?? {};
  const names = found[tag.toLowerCase() as keyof Found];
  for (const word of listNames(value, macros)) names?.add(word);
}

/**
 * Takes requirements out of a spec, so that the others can be had before those exist. Lines keep their
 * numbers.
 *
 * @param names As {@link readSpecDependencies} tells them.
 */
export function dropBuildRequires(
  specText: string,
  names: ReadonlySet<string>,
  defines: Readonly<Record<string, string>> = {},
): string {
  if (names.size === 0) return specText;
  const macros = openPlainMacros(defines);
  return specText
    .split('\n')
    .map((line) => {
      macros.read(line);
      const { tag, value = '' } = DEPENDENCY.exec(line)?.groups ?? {};
      if (tag?.toLowerCase() !== 'buildrequires') return line;
      const words = splitWords(value);
      const kept = words.filter((word) => !listNames(word, macros).some((name) => names.has(name)));
      if (kept.length === words.length) return line;
      return kept.length === 0 ? '' : `BuildRequires: ${kept.join(', ')}`;
    })
    .join('\n');
}

function listNames(value: string, macros: PlainMacros): readonly string[] {
  // The blanks of a shell's words, or of Lua's, part no names.
  if (/%[([]|%\{(?:lua|shell)?:/.test(value)) return [];
  return splitWords(value).flatMap((dependency) => {
    const words = dependency.startsWith('(') ? readRich(dependency) : dependency.split(' ', 1);
    return words.flatMap((word) => {
      const name = macros.expand(word.replace(OPTIONAL_ISA, ''));
      const isUsable = name && name.length <= NAME_LENGTH_LIMIT && !COMMON.test(name);
      return isUsable ? [name] : [];
    });
  });
}

/** `(kmod-dahdi if dahdi)`: which of them counts is rpm's to say. */
function readRich(text: string): readonly string[] {
  const words = text.replace(/^\(|\)$/g, '').split(/\s+/);
  return words.filter(
    (word, index) =>
      !RICH_WORDS.has(word) && !OPERATOR.test(word) && !OPERATOR.test(words[index - 1] ?? ''),
  );
}

/** Splits `gcc, kmod-dahdi-devel >= 3 make` into dependencies with their versions. */
function splitWords(value: string): readonly string[] {
  if (value.startsWith('(')) return [value.trim()];
  const words = value.split(/[\s,]+/).filter((word) => word !== '');
  const dependencies: string[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const [word = '', operator = '', version = ''] = words.slice(i, i + 3);
    if (!OPERATOR.test(operator)) {
      dependencies.push(word);
      continue;
    }
    dependencies.push(`${word} ${operator} ${version}`);
    i += 2;
  }
  return dependencies;
}
