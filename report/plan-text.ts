import type { PlannedCell, RebuildPlan } from '../model/plan.ts';
import { isBuilt } from '../plan/is-built.ts';
import { cleanText } from './clean-text.ts';
import { describeDeferral } from './describe-deferral.ts';
import { describeNeed } from './describe-need.ts';
import { describeVerdict } from './describe-verdict.ts';
import { formatCount, formatSeconds } from './format-values.ts';
import { paint, type TerminalStyle, type Tone, wrap } from './terminal-text.ts';

/**
 * Writes a plan for a terminal, totals first, then what is built wave by wave, then the rest, e.g.
 * `2 of 7 kmods are kept, 5 are built, about 3 min`.
 */
export function planToText(plan: RebuildPlan, style: TerminalStyle): string {
  const builds = plan.cells.filter(isBuilt);
  const rest = plan.cells.filter((cell) => !isBuilt(cell));
  const waves = [...new Set(builds.map(({ wave }) => wave))].sort((a, b) => a - b);
  const where = `${cleanText(plan.release)} (${cleanText(plan.stream)}, ${cleanText(plan.arch)})`;
  const lines = [
    paint(`Plan for ${where}`, 'strong', style.color),
    summarizePlan(plan),
    ...waves.flatMap((wave) => {
      const cells = builds.filter((cell) => cell.wave === wave);
      return ['', writeHeading(wave, waves.length, style), ...writeCells(cells, style)];
    }),
    ...(rest.length === 0
      ? []
      : ['', paint('Not built', 'strong', style.color), ...writeCells(rest, style)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A plan in one sentence; the time is that of the builds one after the other. */
export function summarizePlan({ cells }: RebuildPlan): string {
  if (cells.length === 0) return 'No kmod is to be built for this kernel';
  const count = (kind: string) => cells.filter(({ verdict }) => verdict.kind === kind).length;
  const kept = count('keep');
  const builds = cells.filter(isBuilt);
  const broken = builds.filter(({ verdict }) => verdict.kind === 'broken').length;
  const deferred = cells.filter(({ deferral }) => deferral !== undefined).length;
  const others: readonly (readonly [number, string])[] = [
    [count('excluded'), 'excluded'],
    [count('blocked'), 'blocked'],
    [deferred, 'put off'],
  ];
  const parts = [
    `${kept} of ${formatCount(cells.length, 'kmod')} ${verb(kept)} kept`,
    builds.length === 0 ? 'none is built' : `${builds.length} ${verb(builds.length)} built`,
    ...others.filter(([many]) => many > 0).map(([many, word]) => `${many} ${verb(many)} ${word}`),
    ...(broken > 0 ? [`${broken} of the builds ${verb(broken)} expected to fail`] : []),
    ...describeTime(builds),
  ];
  return parts.join(', ');
}

function verb(count: number): string {
  return count === 1 ? 'is' : 'are';
}

function describeTime(builds: readonly PlannedCell[]): readonly string[] {
  const known = builds.flatMap(({ expectedSeconds }) => expectedSeconds ?? []);
  if (builds.length === 0) return [];
  const unknown = builds.length - known.length;
  if (known.length === 0) return ['time unknown'];
  const total = formatSeconds(known.reduce((sum, seconds) => sum + seconds, 0));
  return [`about ${total}`, ...(unknown > 0 ? [`the time of ${unknown} unknown`] : [])];
}

function writeHeading(wave: number, waveCount: number, { color }: TerminalStyle): string {
  const heading = waveCount > 1 || wave > 0 ? `Wave ${wave + 1}` : 'To be built';
  return paint(heading, 'strong', color);
}

const TONES: Readonly<Record<PlannedCell['verdict']['kind'], Tone>> = {
  keep: 'good',
  rebuild: 'busy',
  broken: 'bad',
  excluded: 'muted',
  blocked: 'bad',
};

function writeCells(cells: readonly PlannedCell[], style: TerminalStyle): readonly string[] {
  return cells.flatMap((cell) => {
    const notes = [
      ...(cell.required ? ['required'] : []),
      ...(cell.expectedSeconds === undefined || !isBuilt(cell)
        ? []
        : [`about ${formatSeconds(cell.expectedSeconds)}`]),
    ];
    const name = paint(cleanText(cell.kmod, 64), TONES[cell.verdict.kind], style.color);
    const needs = (cell.needReasons ?? []).map((need) => `needs ${describeNeed(need)}`);
    const sentences = [describeVerdict(cell.verdict), ...listDeferral(cell), ...needs];
    return [
      `  ${name}${notes.length > 0 ? `  (${notes.join(', ')})` : ''}`,
      ...sentences.flatMap((sentence) =>
        wrap(sentence, Math.max(40, style.columns - 4)).map((line) => `    ${line}`),
      ),
    ];
  });
}

function listDeferral({ kmod, release, deferral }: PlannedCell): readonly string[] {
  if (!deferral) return [];
  const command = `rekmod rebuild ${cleanText(kmod, 64)} --kernel ${cleanText(release, 64)}`;
  return [`${describeDeferral(deferral)}; now: ${command}`];
}
