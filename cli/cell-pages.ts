import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../activities/atomic-file.ts';
import type { CellStatus, StatusReport, StreamStatus } from '../model/status.ts';
import { cellToHtml } from '../report/cell-page.ts';
import { cellPagePath } from '../report/cell-page-path.ts';

/** Writes the pages of cells, each only when it changed. */
export type CellPageWriter = (report: StatusReport) => Promise<void>;

/**
 * Keeps a page a cell below `cells/` of a folder, and removes those of cells that are not in the report any more.
 * What was written before a start is written once again.
 */
export function openCellPages(directory: string): CellPageWriter {
  const written = new Map<string, string>();
  return async (report) => {
    const paths = new Set<string>();
    const gates = new Map(report.streams.flatMap(listGates));
    for (const cell of report.cells) {
      if (cell.state === 'unknown') continue;
      const path = cellPagePath(cell);
      paths.add(path);
      const digest = digestOf(cell, gates.get(JSON.stringify([cell.stream, cell.release])));
      if (written.get(path) === digest) continue;
      await writeFileAtomically(join(directory, path), cellToHtml(report, cell));
      written.set(path, digest);
    }
    await removeOthers(directory, paths, written);
  };
}

function listGates({ name, kernels }: StreamStatus): readonly (readonly [string, unknown])[] {
  return kernels.map(({ release, gate }) => [JSON.stringify([name, release]), gate] as const);
}

/** Of what a page is made from: to make and keep thousands of pages would cost more than to write one. */
function digestOf(cell: CellStatus, gate: unknown): string {
  return createHash('sha1')
    .update(JSON.stringify([cell, gate]))
    .digest('base64');
}

async function removeOthers(
  directory: string,
  paths: ReadonlySet<string>,
  written: Map<string, string>,
): Promise<void> {
  const entries = await readdir(join(directory, 'cells'), { recursive: true }).catch(() => []);
  for (const entry of entries) {
    const path = `cells/${entry}`;
    if (!path.endsWith('.html') || paths.has(path)) continue;
    await rm(join(directory, path), { force: true });
    written.delete(path);
  }
}
