import { openPlainMacros, type PlainMacros } from './plain-macros.ts';

/** A file that a spec says it needs. */
export interface SpecSource {
  /** E.g. `Source0`, `Patch12`. */
  readonly tag: string;
  /** What rpmbuild looks for in the folder of sources: the last part of a URL. */
  readonly fileName: string;
}

const SPEC_LENGTH_LIMIT = 4 * 1024 * 1024;
const SOURCE = /^[ \t]*(?<tag>(?:source|patch)\d*)[ \t]*:[ \t]*(?<value>\S+)/i;
const SECTION = /^\s*%(?:package|description|prep|build|install|check|files|changelog)\b/;

/**
 * Lists the sources and patches of a spec, as far as that can be said without rpm: what stands under a
 * condition, or has macros that the spec does not define in plain words, is left out.
 */
export function listSpecSources(specText: string): readonly SpecSource[] {
  if (specText.length > SPEC_LENGTH_LIMIT) return [];
  const lines = specText.split('\n');
  const section = lines.findIndex((line) => SECTION.test(line));
  const macros = openPlainMacros();
  return lines.slice(0, section === -1 ? undefined : section).flatMap((line) => {
    macros.read(line);
    return macros.depth > 0 ? [] : readSource(line, macros);
  });
}

function readSource(line: string, macros: PlainMacros): readonly SpecSource[] {
  const { tag = '', value } = SOURCE.exec(line)?.groups ?? {};
  const fileName = value === undefined ? undefined : macros.expand(value)?.split('/').at(-1);
  return fileName === undefined || fileName === '' ? [] : [{ tag, fileName }];
}
