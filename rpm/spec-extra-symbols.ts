import { joinSpecLines, readSpecLines, type SpecLine } from './spec-lines.ts';

/** What a build finds the exports of other kmods under, beside its sources. */
export const EXTRA_SYMBOLS_FILE = 'rekmod-providers.symvers';

/** Specs number their sources from 0, or leave that to rpm. */
const SOURCE_NUMBER = 7130;
const SECTION =
  /^\s*%(?:package|description|prep|build|install|check|clean|files|changelog|pre|post)\b/;
const BUILDING_SECTION = /^%(?:build|install|check)[ \t\r]*$/;
const SOURCE_TAG = /^[ \t]*(?:name|source\d*|patch\d*)[ \t]*:/i;
const CONDITION_START = /^[ \t]*%if/;
const CONDITION_END = /^[ \t]*%endif\b/;
const EXPORT = `export KBUILD_EXTRA_SYMBOLS="%{_sourcedir}/${EXTRA_SYMBOLS_FILE}\${KBUILD_EXTRA_SYMBOLS:+ $KBUILD_EXTRA_SYMBOLS}"`;

/**
 * Gives a spec one more source, {@link EXTRA_SYMBOLS_FILE}, and names it to kbuild wherever the spec
 * may call it: by the environment, so that what the spec itself says on make's command line wins.
 *
 * As a source it goes wherever the spec goes, into mock's source package, too.
 */
export function exportExtraSymbols(specText: string): string {
  const lines = readSpecLines(specText);
  const sourceAfter = findPlaceOfSource(lines);
  return joinSpecLines(
    lines.map((line, index) => {
      if (index === sourceAfter) {
        return { ...line, text: `${line.text}\nSource${SOURCE_NUMBER}: ${EXTRA_SYMBOLS_FILE}` };
      }
      return BUILDING_SECTION.test(line.text) ? { ...line, text: `${line.text}\n${EXPORT}` } : line;
    }),
  );
}

/** After the last source that no condition can take away: rpm numbers those without a number on from ours. */
function findPlaceOfSource(lines: readonly SpecLine[]): number {
  let depth = 0;
  let place = -1;
  for (const [index, { text }] of lines.entries()) {
    if (SECTION.test(text)) break;
    depth += Number(CONDITION_START.test(text)) - Number(CONDITION_END.test(text));
    if (depth === 0 && SOURCE_TAG.test(text)) place = index;
  }
  return place;
}
