import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../activities/atomic-file.ts';
import type { StatusReport } from '../model/status.ts';
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
    for (const cell of report.cells) {
      if (cell.state === 'unknown') continue;
      const path = cellPagePath(cell);
      paths.add(path);
      const page = cellToHtml(report, cell);
      if (written.get(path) === page) continue;
      await writeFileAtomically(join(directory, path), page);
      written.set(path, page);
    }
    await removeOthers(directory, paths, written);
  };
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
