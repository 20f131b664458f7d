import type { CellState } from '../model/cell-state.ts';
import type { Kmod } from '../model/kmod.ts';
import type { CellStatus, StatusReport } from '../model/status.ts';
import { countStates, describeCounts, STATE_LOOKS } from './cell-state.ts';
import { cleanText } from './clean-text.ts';
import { fit, paint, STATE_TONES, type TerminalStyle } from './terminal-text.ts';

/** How a kmod stands in one stream. */
export interface KmodStanding {
  readonly kmod: string;
  readonly stream: string;
  /** Whether it holds kernels back. */
  readonly isRequired: boolean;
  /** Where its spec and sources are, e.g. `git`. */
  readonly source: Kmod['source']['kind'];
  /** `uname -r` of the newest kernel; absent where none is known. */
  readonly newestKernel?: string;
  /** On the newest kernel. */
  readonly state: CellState;
  /** On all kernels that are known, e.g. `{ built: 2, kept: 1 }`; states without cells are left out. */
  readonly counts: Readonly<Partial<Record<CellState, number>>>;
}

/** Lists how each kmod stands in each of its streams, by name. */
export function listKmodStandings(
  report: StatusReport,
  kmods: readonly Kmod[],
): readonly KmodStanding[] {
  const cells = new Map<string, CellStatus[]>();
  for (const cell of report.cells) {
    const key = JSON.stringify([cell.kmod, cell.stream]);
    const own = cells.get(key);
    if (own) own.push(cell);
    else cells.set(key, [cell]);
  }
  return kmods
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((kmod) =>
      kmod.streams.map((stream) =>
        judgeStanding(kmod, stream, cells.get(JSON.stringify([kmod.name, stream])) ?? []),
      ),
    );
}

function judgeStanding(kmod: Kmod, stream: string, cells: readonly CellStatus[]): KmodStanding {
  const newest = cells.at(-1);
  const counts = Object.entries(countStates(cells.map(({ state }) => state)));
  return {
    ...{ kmod: kmod.name, stream, isRequired: kmod.required, source: kmod.source.kind },
    ...(newest === undefined ? {} : { newestKernel: newest.release }),
    state: newest?.state ?? 'unknown',
    counts: Object.fromEntries(counts.filter(([, count]) => count > 0)),
  };
}

/** Writes them for a terminal, a line each. */
export function kmodsToText(
  standings: readonly KmodStanding[],
  { color }: Pick<TerminalStyle, 'color'>,
): string {
  if (standings.length === 0) return 'no kmods are configured\n';
  const kmodWidth = Math.min(28, Math.max(...standings.map(({ kmod }) => kmod.length)));
  const streamWidth = Math.min(28, Math.max(...standings.map(({ stream }) => stream.length)));
  const lines = standings.map((one) => {
    const { glyph, word } = STATE_LOOKS[one.state];
    return [
      fit(cleanText(one.kmod), kmodWidth),
      fit(cleanText(one.stream), streamWidth),
      fit(one.isRequired ? 'required' : 'optional', 8),
      fit(one.source, 10),
      paint(fit(`${glyph} ${word}`, 11), STATE_TONES[one.state], color),
      `on ${cleanText(one.newestKernel ?? 'no kernel yet', 48)}`,
      paint(`all: ${describeCounts(countAll(one.counts))}`, 'muted', color),
    ].join('  ');
  });
  return `${lines.join('\n')}\n`;
}

function countAll(counts: KmodStanding['counts']): ReturnType<typeof countStates> {
  return { ...countStates([]), ...counts };
}
