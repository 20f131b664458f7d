import type { SymbolProblem } from '../model/kabi.ts';
import type { JudgedPackage, KernelExports, PackageVerdict } from '../model/kabi-check.ts';
import { cleanText } from './clean-text.ts';
import { describePackageVerdict, PACKAGE_VERDICT_WORDS } from './describe-package-verdict.ts';
import { describeProblem } from './describe-verdict.ts';
import { formatCount, formatNumber } from './format-values.ts';
import { paint, type TerminalStyle, type Tone, wrap } from './terminal-text.ts';

/** What was judged, and how it is written. */
export interface PackageVerdictsStyle extends TerminalStyle {
  /** List every symbol that a verdict carries, not only the first. */
  readonly all: boolean;
}

const SHOWN_SYMBOLS = 3;
const KINDS: readonly PackageVerdict['kind'][] = ['broken', 'rebuild', 'unjudged', 'fits'];
const TONES: Readonly<Record<PackageVerdict['kind'], Tone>> = {
  fits: 'good',
  rebuild: 'busy',
  broken: 'bad',
  unjudged: 'muted',
};

/**
 * Writes the verdicts on foreign kmods for a terminal: the kernel and the totals first, then what will
 * break, what must be rebuilt, what was not judged, what fits; last what metadata cannot tell.
 */
export function packageVerdictsToText(
  judged: readonly JudgedPackage[],
  kernel: KernelExports,
  style: PackageVerdictsStyle,
): string {
  const lines = [
    paint(describeKernel(kernel), 'strong', style.color),
    summarizePackages(judged),
    ...KINDS.flatMap((kind) => {
      const ofKind = judged.filter(({ verdict }) => verdict.kind === kind);
      return ofKind.length === 0 ? [] : ['', ...writeKind(kind, ofKind, style)];
    }),
    ...describeLimits(judged, kernel).flatMap((sentence) => ['', ...wrap(sentence, style.columns)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** E.g. `2 of 8 kmods fit, 5 must be rebuilt, 1 will break`. */
export function summarizePackages(judged: readonly JudgedPackage[]): string {
  const count = (kind: PackageVerdict['kind']) =>
    judged.filter(({ verdict }) => verdict.kind === kind).length;
  const fitting = count('fits');
  const others: readonly (readonly [number, string])[] = [
    [count('rebuild'), 'must be rebuilt'],
    [count('broken'), 'will break'],
    [count('unjudged'), `${count('unjudged') === 1 ? 'was' : 'were'} not judged`],
  ];
  const verb = fitting === 1 ? 'fits' : 'fit';
  return [
    `${formatNumber(fitting)} of ${formatCount(judged.length, 'kmod')} ${verb}`,
    ...others.filter(([many]) => many > 0).map(([many, word]) => `${formatNumber(many)} ${word}`),
  ].join(', ');
}

function describeKernel({ name, arch, symvers }: KernelExports): string {
  const known = [...(arch === undefined ? [] : [cleanText(arch, 32)])];
  return `${cleanText(name)} (${[...known, formatCount(symvers.size, 'symbol')].join(', ')})`;
}

function writeKind(
  kind: PackageVerdict['kind'],
  judged: readonly JudgedPackage[],
  style: PackageVerdictsStyle,
): readonly string[] {
  const word = PACKAGE_VERDICT_WORDS[kind];
  const heading = `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
  return [
    paint(heading, 'strong', style.color),
    ...judged.flatMap((one) => {
      const sentence = describePackageVerdict(one);
      return [
        `  ${paint(cleanText(one.name), TONES[kind], style.color)}`,
        ...wrap(sentence, Math.max(40, style.columns - 4)).map(indent),
        ...writeProblems(one.verdict, sentence, style).map(indent),
      ];
    }),
  ];
}

function indent(line: string): string {
  return `    ${line}`;
}

/** The symbols that the sentence does not name. */
function writeProblems(
  verdict: PackageVerdict,
  sentence: string,
  { all }: PackageVerdictsStyle,
): readonly string[] {
  if (!('problems' in verdict)) return [];
  const { shown, lostCount, refusedCount, crcCount } = verdict.problems;
  const describe = verdict.kind === 'unjudged' ? nameSymbol : describeProblem;
  const named = shown.filter((problem) => sentence.includes(describe(problem)));
  const others = shown.filter((problem) => !named.includes(problem));
  const listed = all ? others : others.slice(0, SHOWN_SYMBOLS);
  const more = lostCount + refusedCount + crcCount - named.length - listed.length;
  // Several modules of a package may import one symbol.
  const lines = new Set(listed.map((problem) => `  ${describe(problem)}`));
  return [...lines, ...(more > 0 ? [`  … and ${formatNumber(more)} more`] : [])];
}

/** A symbol that may be exported somewhere: `` `jool_init` ``. */
function nameSymbol({ symbol }: SymbolProblem): string {
  return `\`${cleanText(symbol, 64)}\``;
}

function describeLimits(
  judged: readonly JudgedPackage[],
  { isFromMetadata, missingPackages, arch, flavour }: KernelExports,
): readonly string[] {
  const unknown = [
    ...(arch === undefined ? ['architecture'] : []),
    ...(flavour === undefined ? ['flavour'] : []),
  ];
  const blind = isFromMetadata || judged.some((one) => one.isFromMetadata);
  return [
    ...(blind
      ? [
          'From metadata alone: licences, namespaces and further in-tree modules that are needed were not looked at.',
        ]
      : []),
    ...(missingPackages === undefined
      ? []
      : [
          `The kernel is not complete without ${missingPackages.map((name) => cleanText(name, 64)).join(', ')}.`,
        ]),
    ...(unknown.length === 0
      ? []
      : [`Nothing tells the kernel's ${unknown.join(' and ')}, so that was not compared.`]),
  ];
}
