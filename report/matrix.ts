import type { CellStatus, KernelStatus, StatusReport, StreamStatus } from '../model/status.ts';

/** A stream's cells as rows of kmods and columns of kernels. */
export interface Matrix {
  readonly stream: StreamStatus;
  /** The newest kernel is the last, at the right. */
  readonly columns: readonly KernelStatus[];
  readonly rows: readonly MatrixRow[];
  /** Older kernels that are left out. */
  readonly hiddenKernelCount: number;
}

/** A kmod with a cell for each column; `undefined` where nothing is known. */
export interface MatrixRow {
  readonly kmod: string;
  readonly isRequired: boolean;
  readonly cells: readonly (CellStatus | undefined)[];
}

/**
 * Assembles the matrix of one stream with its newest kernels.
 *
 * @param maxKernels At least 1; default 8, as many as fit on a page.
 * @returns `undefined` if the report has no such stream.
 */
export function assembleMatrix(
  report: StatusReport,
  stream: string,
  maxKernels: number = 8,
): Matrix | undefined {
  const found = report.streams.find(({ name }) => name === stream);
  if (found === undefined) return undefined;
  const columns = found.kernels.slice(-Math.max(1, maxKernels));
  const cells = new Map<string, CellStatus>();
  for (const cell of report.cells) {
    if (cell.stream === stream) cells.set(JSON.stringify([cell.kmod, cell.release]), cell);
  }
  return {
    stream: found,
    columns,
    rows: found.kmods.map((kmod) => ({
      kmod,
      isRequired: found.requiredKmods.includes(kmod),
      cells: columns.map(({ release }) => cells.get(JSON.stringify([kmod, release]))),
    })),
    hiddenKernelCount: found.kernels.length - columns.length,
  };
}

/** The same matrix with fewer, newest kernels. */
export function narrowMatrix(matrix: Matrix, columnCount: number): Matrix {
  const dropped = matrix.columns.length - columnCount;
  if (dropped <= 0) return matrix;
  return {
    ...matrix,
    columns: matrix.columns.slice(dropped),
    rows: matrix.rows.map((row) => ({ ...row, cells: row.cells.slice(dropped) })),
    hiddenKernelCount: matrix.hiddenKernelCount + dropped,
  };
}

/** The end that all releases share, e.g. `.el9.x86_64`; empty for fewer than two releases. */
export function findSharedSuffix(releases: readonly string[]): string {
  const [first = '', ...others] = releases;
  if (others.length === 0) return '';
  let length = 0;
  while (
    length < first.length &&
    others.every((one) => one.at(-1 - length) === first.at(-1 - length))
  ) {
    length += 1;
  }
  // Begins at a separator, so that no number is cut, and leaves something before it.
  const suffix = first.slice(first.length - length);
  const start = suffix.search(/[.-](?=[A-Za-z])/u);
  const shared = start === -1 ? '' : suffix.slice(start);
  return releases.some((release) => release.length === shared.length) ? '' : shared;
}
