import { findDefinitions } from './macro-definitions.ts';
import { readSpecLines } from './spec-lines.ts';

/** Lines that name a file or a folder of the sources. */
const NAMING = /^\s*(?:(?:source|patch)\d*\s*:|%(?:auto)?setup\b)/i;
const MACRO = /%\{?[!?]*(?<name>[A-Za-z_]\w{2,63})/g;
/** Real specs need two or three; each costs a pass through the spec. */
const MAX_MACROS = 32;

/**
 * Tells whether a spec's sources are called by its Release, itself or by way of other macros:
 * `%global tarball %(echo "%{version}-%{release}" | sed -e "s,%{?dist}$,,")`. Such a Release cannot
 * be given another end, or else the sources are not found.
 *
 * @see LINBIT's drbd-kernel.spec 9.0.6
 */
export function namesSourcesByRelease(specText: string): boolean {
  const naming = readSpecLines(specText).filter(({ text }) => NAMING.test(text));
  const waiting = naming.flatMap(({ text }) => listMacros(text));
  const seen = new Set<string>();
  for (const macro of waiting) {
    if (macro === 'release') return true;
    if (seen.has(macro) || seen.size >= MAX_MACROS) continue;
    seen.add(macro);
    for (const { value } of findDefinitions(specText, macro)) waiting.push(...listMacros(value));
  }
  return false;
}

function listMacros(text: string): readonly string[] {
  return [...new Set([...text.matchAll(MACRO)].map(({ groups }) => groups?.name ?? ''))];
}
