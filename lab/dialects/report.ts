import { writeTable } from '../truth/table.ts';
import type { JudgedCorpus } from './judge-corpus.ts';
import type { Finding, JudgedRow } from './row.ts';

/** How many dialects were judged, and how many of them with all their specs and kernels. */
export interface CorpusSummary {
  readonly dialects: number;
  readonly built: number;
  readonly verified: number;
  /** Also those that were taken for another, or could not be installed for no good reason. */
  readonly failed: number;
}

/** Counts by dialect; a spec that should have been refused counts against its own. */
export function summarize({ rows, refused }: JudgedCorpus): CorpusSummary {
  const names = new Set(rows.map(({ row }) => row.form.dialect));
  const has = (name: string, isGood: (row: JudgedRow) => boolean): boolean =>
    rows.filter(({ row }) => row.form.dialect === name).every(isGood);
  const isGood = ({ detected, built, verified, installed }: JudgedRow): boolean =>
    [detected, built, verified, installed].every(({ problems }) => problems.length === 0);
  const isRefused = (name: string): boolean =>
    refused
      .filter(({ row }) => row.form.dialect === name)
      .every(({ finding }) => finding.problems.length === 0);
  const count = (test: (name: string) => boolean): number => [...names].filter(test).length;
  return {
    dialects: names.size,
    built: count((name) => has(name, ({ built }) => built.problems.length === 0)),
    verified: count((name) => has(name, isVerified)),
    failed: count((name) => !has(name, isGood) || !isRefused(name)),
  };
}

/** The line that a run ends with. */
export function describeSummary({ dialects, built, verified, failed }: CorpusSummary): string {
  return `dialects: ${dialects}, built: ${built}, verified: ${verified}, failed: ${failed}`;
}

/** The table, what must be refused, and the reason of each failure. */
export function describeCorpus({ rows, refused }: JudgedCorpus): string {
  const sorted = rows.toSorted((a, b) => compare(a.row.form.dialect, b.row.form.dialect));
  const table = [
    ['dialect', 'spec', 'kernels', 'packages', 'detected', 'built', 'verified', 'dnf installs'],
    ...sorted.map((judged) => {
      const { row, packages, detected, built, verified, installed } = judged;
      const hasBuilt = built.problems.length === 0;
      return [
        row.form.dialect,
        row.laidOut.spec.name,
        row.releases.join(' '),
        String(packages.length),
        ...[detected, built].map(inWords),
        hasBuilt ? inWords(verified) : '-',
        isVerified(judged) ? inWords(installed) : '-',
      ];
    }),
  ];
  const reasons = [
    ...sorted.flatMap(({ row, detected, built, verified, installed }) =>
      [detected, built, verified, installed]
        .flatMap(({ problems }) => problems)
        .map((problem) => `${row.laidOut.spec.name} (${row.distribution}): ${problem}`),
    ),
    ...refused.flatMap(({ row, finding }) =>
      finding.problems.map((problem) => `${row.laidOut.spec.name}: ${problem}`),
    ),
  ];
  const refusals = refused.map(({ row, finding }) => [
    row.form.dialect,
    row.laidOut.spec.name,
    finding.problems.length === 0 ? `refused: ${finding.note}` : 'NOT REFUSED',
  ]);
  return [writeTable(table), writeTable(refusals), reasons.join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
}

function isVerified({ built, verified }: JudgedRow): boolean {
  return built.problems.length + verified.problems.length === 0;
}

function inWords({ problems, note = 'yes' }: Finding): string {
  return problems.length === 0 ? note : 'NO';
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
