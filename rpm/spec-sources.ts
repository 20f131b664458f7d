/** A file that a spec says it needs. */
export interface SpecSource {
  /** E.g. `Source0`, `Patch12`. */
  readonly tag: string;
  /** What rpmbuild looks for in the folder of sources: the last part of a URL. */
  readonly fileName: string;
}

const SPEC_LENGTH_LIMIT = 4 * 1024 * 1024;
const EXPANSION_LIMIT = 16;
const VALUE_LENGTH_LIMIT = 4096;
const SOURCE = /^[ \t]*(?<tag>(?:source|patch)\d*)[ \t]*:[ \t]*(?<value>\S+)/i;
const TAG = /^[ \t]*(?<name>name|version|release)[ \t]*:[ \t]*(?<value>\S+)/i;
const DEFINITION =
  /^[ \t]*(?:%\{!\?\w+:[ \t]*)?%(?:define|global)[ \t]+(?<name>\w+)[ \t]+(?<value>[^\s{}][^\s]*?)\}?[ \t]*$/;
const CONDITION_START = /^[ \t]*%if/;
const CONDITION_END = /^[ \t]*%endif\b/;
const SECTION = /^\s*%(?:package|description|prep|build|install|check|files|changelog)\b/;
const REFERENCE = /%\{\??(?<braced>\w+)\}|%(?<plain>\w+)/g;

/**
 * Lists the sources and patches of a spec, as far as that can be said without rpm: what stands under a
 * condition, or has macros that the spec does not define in plain words, is left out.
 */
export function listSpecSources(specText: string): readonly SpecSource[] {
  if (specText.length > SPEC_LENGTH_LIMIT) return [];
  const lines = specText.split('\n');
  const section = lines.findIndex((line) => SECTION.test(line));
  const macros = new Map<string, string>();
  let depth = 0;
  return lines.slice(0, section === -1 ? undefined : section).flatMap((line) => {
    depth += Number(CONDITION_START.test(line)) - Number(CONDITION_END.test(line));
    const definition = (TAG.exec(line) ?? DEFINITION.exec(line))?.groups;
    if (definition) define(macros, definition, depth);
    return depth > 0 ? [] : readSource(line, macros);
  });
}

function readSource(line: string, macros: ReadonlyMap<string, string>): readonly SpecSource[] {
  const { tag = '', value } = SOURCE.exec(line)?.groups ?? {};
  const fileName = value === undefined ? undefined : expand(value, macros)?.split('/').at(-1);
  return fileName === undefined || fileName === '' ? [] : [{ tag, fileName }];
}

/** A macro that a condition may define otherwise is not known. */
function define(
  macros: Map<string, string>,
  { name = '', value = '' }: Readonly<Record<string, string>>,
  depth: number,
): void {
  const key = name.toLowerCase();
  if (depth > 0 || macros.has(key)) macros.set(key, '%{unknown:}');
  else macros.set(key, value);
}

/** @returns undefined if a macro is not known. */
function expand(text: string, macros: ReadonlyMap<string, string>): string | undefined {
  let expanded = text;
  for (let i = 0; i < EXPANSION_LIMIT && expanded.includes('%'); i += 1) {
    if (expanded.length > VALUE_LENGTH_LIMIT) return undefined;
    expanded = expanded.replace(REFERENCE, (whole, braced?: string, plain?: string) => {
      return macros.get((braced ?? plain ?? '').toLowerCase()) ?? whole;
    });
  }
  return expanded.includes('%') ? undefined : expanded;
}
