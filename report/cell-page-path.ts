import type { CellKey } from '../model/cell.ts';
import { anchorOf } from './html.ts';

/**
 * Where the page of a cell is, relative to the status page, e.g. `cells/lab/jool/6.1.0-55-amd64.html`. Whatever
 * names hold, it stays below `cells/`.
 */
export function cellPagePath({ stream, kmod, release }: CellKey): string {
  return `cells/${[stream, kmod, release].map(toFileName).join('/')}.html`;
}

/** Never empty, and never one that begins with a dot: `..` would lead elsewhere. */
function toFileName(name: string): string {
  return anchorOf(name === '' ? ' ' : name).replace(/^\.+/, (dots) => '_2e_'.repeat(dots.length));
}
