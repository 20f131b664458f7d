import type { CellStatus, StatusReport } from '../model/status.ts';
import { STATE_LOOKS } from './cell-state.ts';
import { cleanText } from './clean-text.ts';

/**
 * Tells what changed from one report to the next, a line each, e.g. `jool on 6.1.0-55: waiting → running`.
 *
 * @param before Undefined at the first look, which tells nothing.
 */
export function describeChanges(
  before: StatusReport | undefined,
  after: StatusReport,
): readonly string[] {
  if (before === undefined) return [];
  const cells = new Map(before.cells.map((cell) => [nameCell(cell), cell]));
  const gates = new Map(listGates(before));
  return [
    ...after.cells.flatMap((cell) => {
      const was = cells.get(nameCell(cell))?.state ?? 'unknown';
      if (was === cell.state) return [];
      const step = `${STATE_LOOKS[was].word} → ${STATE_LOOKS[cell.state].word}`;
      return [cleanText(`${cell.kmod} on ${cell.release}: ${step}; ${cell.sentence}`, 400)];
    }),
    ...listGates(after).flatMap(([name, state]) => {
      const was = gates.get(name);
      return was === state ? [] : [cleanText(`${name}: ${was ?? 'not judged'} → ${state}`, 200)];
    }),
  ];
}

function nameCell({ stream, kmod, release }: CellStatus): string {
  return JSON.stringify([stream, kmod, release]);
}

function listGates({ streams }: StatusReport): readonly (readonly [string, string])[] {
  return streams.flatMap(({ name, kernels }) =>
    kernels.flatMap(({ release, gate }) =>
      gate === undefined ? [] : [[`gate of ${name}, ${release}`, gate.state] as const],
    ),
  );
}
