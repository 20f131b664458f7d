import { join } from 'node:path';

/** Folder of a repository beside `Packages/`. */
export const PROVENANCE_FOLDER = 'provenance';

/** Name of the statement about an RPM, e.g. `kmod-jool-….rpm.intoto.json`. */
export function nameStatement(fileName: string): string {
  return `${fileName}.intoto.json`;
}

/** Paths of statement and signature below a repository. */
export function locateProvenance(fileName: string): {
  readonly statement: string;
  readonly signature: string;
} {
  const statement = join(PROVENANCE_FOLDER, nameStatement(fileName));
  return { statement, signature: `${statement}.asc` };
}
