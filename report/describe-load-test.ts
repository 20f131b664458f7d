import type { BootPlace, LoadTestReport, ModuleLoad } from '../model/load-test.ts';
import { cleanText } from './clean-text.ts';
import { formatCount } from './format-values.ts';

type Tested = Extract<LoadTestReport, { readonly kind: 'tested' }>;
type Failed = Exclude<Tested['end'], { readonly kind: 'completed' }>;
type Refused = Extract<ModuleLoad, { readonly kind: 'refused' }>;

const MAX_NAME_LENGTH = 64;
/** Sentences of the kernel that say why, rather than what a driver told on its way. */
const REASONS =
  /disagrees about version of symbol|Unknown symbol|version magic|no symbol version for|exports duplicate symbol|GPL-incompatible|uses symbol .* from namespace|Invalid relocation|must match the kernel|unsafe|denied/;

/**
 * Says in half a sentence what the real kernel said to the modules, e.g.
 * `the kernel refused jool (EINVAL): jool: disagrees about version of symbol nf_ct_get`.
 */
export function describeLoadTest(report: LoadTestReport): string {
  if (report.kind === 'not-tested') {
    return `not tested in the real kernel: ${cleanText(report.why, 300)}`;
  }
  if (report.end.kind !== 'completed') return describeEnd(report.end);
  if (report.isGood) return `${describeWhich(report)} in the real kernel${describeRemarks(report)}`;
  const refused = report.modules.flatMap(({ name, load }) =>
    load.kind === 'refused' ? [{ name, load }] : [],
  );
  const [first] = refused;
  if (first === undefined) return describeUnloaded(report);
  const others = refused.length - 1;
  const more = others > 0 ? `; and ${formatCount(others, 'more module')}` : '';
  return `${describeRefusal(first.name, first.load)}${more}`;
}

function describeWhich({ modules, moduleCount }: Tested): string {
  const [first] = modules;
  return moduleCount === 1 && first ? 'loaded' : `all ${moduleCount} modules loaded`;
}

function describeRemarks({ modules }: Tested): string {
  const lacking = modules.flatMap(({ name, load }) =>
    load.kind === 'not-tried' || (load.kind === 'loaded' && load.accepted) ? [name] : [],
  );
  const warned = modules.flatMap(({ name, load }) =>
    load.kind === 'loaded' && load.kernelTaint.includes('W') ? [name] : [],
  );
  return [
    ...(lacking.length === 0 ? [] : [`, as far as one can without the device of ${list(lacking)}`]),
    ...(warned.length === 0 ? [] : [`; it warned because of ${list(warned)}`]),
  ].join('');
}

function describeRefusal(name: string, { errno, sentences }: Refused): string {
  const reason = sentences.find((sentence) => REASONS.test(sentence)) ?? sentences.at(-1);
  const why = reason === undefined ? 'without a word' : cleanText(reason);
  return `the kernel refused ${shortName(name)} (${cleanText(errno, 20)}): ${why}`;
}

/** Bad without a refusal: loaded by force, or needing what is not there. */
function describeUnloaded({ modules }: Tested): string {
  const forced = modules.find(({ load }) => load.kind === 'loaded' && load.taint.includes('F'));
  if (forced)
    return `the kernel loaded ${shortName(forced.name)} only by force: it has no CRCs or no vermagic`;
  const missing = modules.find(({ load }) => load.kind === 'not-tried');
  if (missing?.load.kind !== 'not-tried') return 'no module was loaded in the real kernel';
  return `${shortName(missing.name)} was not loaded in the real kernel: ${cleanText(missing.load.why)}`;
}

function describeEnd(end: Failed): string {
  const place = describePlace(end.during);
  if (end.kind === 'crashed') return `the kernel crashed ${place}: ${cleanText(end.firstLine)}`;
  return `the kernel hung ${place}: ${cleanText(end.detail)}`;
}

function describePlace({ module, step }: BootPlace): string {
  const name = module === undefined ? 'a module' : shortName(module);
  switch (step) {
    case 'insert':
      return `while loading ${name}`;
    case 'remove':
      return `while removing ${name}`;
    case 'wait':
      return 'soon after the modules were loaded or removed';
    case 'boot':
      return 'before the first module was loaded';
    case 'end':
      return 'after the last module was removed';
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 3).map(shortName).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function shortName(name: string): string {
  return cleanText(name, MAX_NAME_LENGTH);
}
