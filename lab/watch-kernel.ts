import type { CellStatus, StatusReport } from '../model/status.ts';
import type { World } from './world.ts';

/** What {@link watchKernel} waits for. */
export interface KernelToWatch {
  readonly release: string;
  /** How many kmods the stream has. */
  readonly kmodCount: number;
  readonly timeoutMs: number;
}

const ENDED: readonly CellStatus['state'][] = ['built', 'kept', 'failed', 'blocked', 'excluded'];

/** The cells of a kernel, as the published status has them. */
export function cellsOf(report: StatusReport, release: string): readonly CellStatus[] {
  return report.cells.filter((cell) => cell.release === release);
}

/** Waits for a kernel's cells to end, and says each change on the way. */
export async function watchKernel(
  world: World,
  { release, kmodCount, timeoutMs }: KernelToWatch,
  say: (line: string) => void,
): Promise<StatusReport> {
  const shown = new Map<string, string>();
  return await world.waitFor(
    `all ${kmodCount} kmods for ${release}`,
    (report) => {
      const cells = cellsOf(report, release);
      for (const cell of cells) {
        if (shown.get(cell.kmod) === cell.state || cell.state === 'unknown') continue;
        shown.set(cell.kmod, cell.state);
        say(`${cell.kmod.padEnd(14)} ${cell.state.padEnd(8)} ${cell.sentence}`);
      }
      return cells.length === kmodCount && cells.every((cell) => ENDED.includes(cell.state));
    },
    timeoutMs,
  );
}
