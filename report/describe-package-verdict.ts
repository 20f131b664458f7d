import type { JudgedPackage, PackageVerdict, UnjudgedPackage } from '../model/kabi-check.ts';
import type { ProblemList } from '../model/verdict.ts';
import { cleanText } from './clean-text.ts';
import { describeProblem } from './describe-verdict.ts';
import { formatCount, formatNumber } from './format-values.ts';

/** C++ and Rust symbols reach hundreds of characters. */
const MAX_NAME_LENGTH = 64;
const SHOWN_NAMES = 3;

/** The words for a verdict, as they begin its sentence and head its list. */
export const PACKAGE_VERDICT_WORDS: Readonly<Record<PackageVerdict['kind'], string>> = {
  fits: 'fits',
  rebuild: 'must be rebuilt',
  broken: 'will break',
  unjudged: 'not judged',
};

/**
 * Says in one sentence whether a kmod that exists serves a kernel, and why, e.g.
 * ``must be rebuilt: 41 imported symbols changed their CRC since 6.1.0-53-amd64, first
 * `usb_register_driver` (0x0b1c2d3e → 0x11223344, vmlinux)``.
 */
export function describePackageVerdict(judged: JudgedPackage): string {
  const { verdict } = judged;
  return `${PACKAGE_VERDICT_WORDS[verdict.kind]}: ${describeReason(judged)}`;
}

function describeReason(judged: JudgedPackage): string {
  const { verdict } = judged;
  switch (verdict.kind) {
    case 'fits':
      return describeFit(verdict, judged);
    case 'rebuild':
      return describeRebuild(verdict, judged);
    case 'broken':
      return describeBreak(verdict.why, verdict.problems);
    case 'unjudged':
      return describeDoubt(verdict);
    default:
      return unreachable(verdict);
  }
}

function describeFit(
  verdict: Extract<PackageVerdict, { kind: 'fits' }>,
  { isFromMetadata }: JudgedPackage,
): string {
  if (verdict.why === 'bound-to-this-kernel') return 'it is built for this kernel alone';
  const { importCount, newDependencies = [] } = verdict;
  const count = formatCount(importCount, isFromMetadata ? 'required symbol' : 'import');
  const found = `${importCount === 1 ? '' : 'all '}${count} ${importCount === 1 ? 'is' : 'are'} there`;
  const modules =
    newDependencies.length === 0 ? '' : `; needs also ${listNames(newDependencies)} loaded`;
  return `${found} with the same CRC${isFromMetadata ? '' : '; loads as it is'}${modules}`;
}

function describeRebuild(
  verdict: Extract<PackageVerdict, { kind: 'rebuild' }>,
  judged: JudgedPackage,
): string {
  switch (verdict.why) {
    case 'crc-changed':
      return describeChanged(verdict.problems, judged);
    case 'vermagic-changed': {
      const found = cleanText(verdict.found, 128);
      return `it was configured for another kernel: vermagic "${found}", where this one has ${clean(verdict.expected)}`;
    }
    case 'provider-rebuilt':
      return `${clean(verdict.provider)}, whose symbols it imports, does not fit`;
    default:
      return unreachable(verdict);
  }
}

function describeChanged({ crcCount, shown }: ProblemList, { builtFor }: JudgedPackage): string {
  const changed = `${formatCount(crcCount, 'imported symbol')} changed ${crcCount === 1 ? 'its' : 'their'} CRC`;
  const since = builtFor === undefined ? changed : `${changed} since ${clean(builtFor)}`;
  const first = shown.find(({ kind }) => kind === 'crc');
  if (first === undefined) return since;
  return `${since}${crcCount === 1 ? ':' : ', first'} ${describeProblem(first)}`;
}

function describeBreak(
  why: Extract<PackageVerdict, { kind: 'broken' }>['why'],
  { lostCount, refusedCount, shown }: ProblemList,
): string {
  const isLost = why === 'symbols-lost';
  const count = isLost ? lostCount : refusedCount;
  const first = shown.find(({ kind }) => (kind === 'lost') === isLost && kind !== 'crc');
  if (count === 1 && first !== undefined) return describeProblem(first);
  const symbols = formatCount(count, 'imported symbol');
  const which =
    first === undefined
      ? ''
      : `, first \`${clean(first.symbol)}\` (used by ${clean(first.usedBy)})`;
  return isLost ? `${symbols} are gone${which}` : `${symbols} would be refused${which}`;
}

function describeDoubt(verdict: UnjudgedPackage): string {
  switch (verdict.why) {
    case 'no-modversions':
      return 'it carries no CRCs, so nothing shows that it fits';
    case 'no-symbols':
      return 'nothing tells which symbols it imports';
    case 'other-arch':
      return `it is for ${clean(verdict.arch)}`;
    case 'other-flavour':
      return `it is for kernels of the flavour ${listNames(verdict.flavours)}`;
    case 'bound-to-other-kernel':
      return `it is bound to ${listNames(verdict.boundTo)} and needs a package of its own for every kernel`;
    case 'symsets':
      return `it requires groups of symbols whose members nothing tells: ${listNames(verdict.symsets)}`;
    case 'kmod-missing':
      return `${describeAbsent(verdict.problems)} must come from a kmod that was not given${inBrackets(verdict.missing)}`;
    case 'kernel-incomplete':
      return `${describeAbsent(verdict.problems)} may come from a package of the kernel that was not given${inBrackets(verdict.missing)}`;
    case 'provider-unjudged':
      return `${clean(verdict.provider)}, whose symbols it imports, was not judged`;
    case 'unreadable':
      return cleanText(verdict.reason);
    default:
      return unreachable(verdict);
  }
}

/** E.g. `` 2 imported symbols, first `jool_init`, ``. */
function describeAbsent({ lostCount, shown }: ProblemList): string {
  const [first] = shown;
  const count = formatCount(lostCount, 'imported symbol');
  if (first === undefined) return count;
  return `${count}${lostCount === 1 ? ',' : ', first'} \`${clean(first.symbol)}\`,`;
}

function inBrackets(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${listNames(names)})`;
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).map(clean).join(', ');
  const more = names.length - SHOWN_NAMES;
  return more > 0 ? `${shown} and ${formatNumber(more)} more` : shown;
}

function clean(text: string): string {
  return cleanText(text, MAX_NAME_LENGTH);
}

function unreachable(value: never): never {
  throw new Error(`BUG: unknown kind ${JSON.stringify(value)}`);
}
