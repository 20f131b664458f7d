import type { ExplainedFact, ExplainedSymbol, Explanation } from '../model/explanation.ts';
import type { ProblemKind } from '../model/kabi.ts';
import { cleanText } from './clean-text.ts';
import {
  describeCrcs,
  describeMarks,
  describeSource,
  describeUsers,
  KIND_LOOKS,
} from './describe-symbol.ts';
import { formatCount } from './format-values.ts';
import { paint, STATE_TONES, type TerminalStyle, type Tone, wrap } from './terminal-text.ts';

const MIN_WIDTH = 40;
const GAP = '  ';

/** What the words of the list mean, for readers who meet them for the first time. */
const GLOSSARY =
  'A symbol is a function or variable of the kernel that modules use; its CRC is a checksum of the types behind it. The kernel refuses a module that was compiled against another CRC.';

/**
 * Writes an explanation for a terminal: the headline, the same in the words of the trade, then the
 * symbols by kind, the gravest first.
 */
export function explanationToText(explanation: Explanation, style: TerminalStyle): string {
  const { headline, facts } = explanation;
  const width = Math.max(MIN_WIDTH, style.columns);
  const labelWidth = Math.max(0, ...facts.map(({ label }) => label.length));
  const lines = [
    ...wrap(headline, width).map((line) => paint(line, toneOf(explanation), style.color)),
    '',
    ...facts.flatMap((fact) => writeFact(fact, labelWidth, style)),
    ...writeSymbols(explanation, style),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** What is published and did not load is no good news. */
function toneOf({ state, needsAction }: Explanation): Tone {
  return needsAction && STATE_TONES[state] === 'good' ? 'bad' : STATE_TONES[state];
}

function writeFact(
  { label, text }: ExplainedFact,
  labelWidth: number,
  { color, columns }: TerminalStyle,
): readonly string[] {
  const indent = labelWidth + 2 * GAP.length;
  const [first = '', ...more] = wrap(text, Math.max(MIN_WIDTH, columns - indent));
  return [
    `${GAP}${paint(label.padEnd(labelWidth), 'muted', color)}${GAP}${first}`,
    ...more.map((line) => `${' '.repeat(indent)}${line.trimStart()}`),
  ];
}

function writeSymbols(
  { symbols, hiddenSymbolCount }: Explanation,
  style: TerminalStyle,
): readonly string[] {
  if (symbols.length === 0) return [];
  const kinds = [...new Set(symbols.map(({ kind }) => kind))];
  const more = `… and ${formatCount(hiddenSymbolCount, 'more symbol')}`;
  return [
    ...kinds.flatMap((kind) => {
      const members = symbols.filter((symbol) => symbol.kind === kind);
      return writeGroup(kind, members, style);
    }),
    ...(hiddenSymbolCount === 0 ? [] : ['', `${GAP}${more}`]),
    '',
    ...wrap(GLOSSARY, Math.max(MIN_WIDTH, style.columns - GAP.length)).map(
      (line) => `${GAP}${paint(line.trimStart(), 'muted', style.color)}`,
    ),
  ];
}

/** What follows stands in the heading where it is the same for all. */
function writeGroup(
  kind: ProblemKind,
  members: readonly ExplainedSymbol[],
  style: TerminalStyle,
): readonly string[] {
  const { word, tone } = KIND_LOOKS[kind];
  const [first, ...others] = members;
  const isShared = others.length > 0 && others.every(({ follows }) => follows === first?.follows);
  const heading = isShared ? `${word}: ${first?.follows}` : word;
  return [
    '',
    ...wrap(heading, Math.max(MIN_WIDTH, style.columns - GAP.length)).map(
      (line) => `${GAP}${paint(line, tone, style.color)}`,
    ),
    ...members.flatMap((symbol) => writeSymbol(symbol, isShared, style)),
  ];
}

function writeSymbol(
  symbol: ExplainedSymbol,
  isShared: boolean,
  { columns }: TerminalStyle,
): readonly string[] {
  const head = [cleanText(symbol.symbol, 96), describeCrcs(symbol), describeSource(symbol)];
  const users = `used by ${describeUsers(symbol)}`;
  const follows = isShared ? [] : [symbol.follows];
  const tail = [users, ...describeMarks(symbol), ...follows].join('; ');
  const indent = GAP.repeat(3);
  const lines = wrap(tail, Math.max(MIN_WIDTH, columns - indent.length));
  return [
    `${GAP}${GAP}${head.filter((part) => part !== '').join(GAP)}`,
    ...lines.map((line) => `${indent}${line.trimStart()}`),
  ];
}
