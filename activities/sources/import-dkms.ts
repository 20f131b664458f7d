import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError, NotFoundError } from '../../model/activity-errors.ts';
import { isMissing, writeFileAtomically } from '../atomic-file.ts';
import { type DkmsSource, readDkmsSource } from './dkms-source.ts';
import { openDkmsTree } from './open-dkms-tree.ts';

/** What an import wrote. */
export interface DkmsImport {
  readonly source: DkmsSource;
  /** Path of the spec. */
  readonly spec: string;
  /** Path of the source archive. */
  readonly archive: string;
}

/** How a DKMS source is written out as spec and archive. */
export interface DkmsImportOptions {
  /** Gets both files. @default {a folder of the kmod's name in the working directory} */
  readonly output?: string;
  /** Whether files that are there are replaced. */
  readonly isForced: boolean;
  readonly signal: AbortSignal;
}

/**
 * Writes a DKMS source out as a kmod spec and its source archive, for a person to keep and change.
 *
 * @param path A directory, a `.deb`, an `.rpm` or a tar archive.
 * @throws {NotFoundError} If there is no such file.
 * @throws {ContentInvalidError} If it holds no DKMS source, or a file would be replaced.
 * @throws {DkmsParseError} If its `dkms.conf` cannot be read.
 */
export async function importDkms(path: string, options: DkmsImportOptions): Promise<DkmsImport> {
  const source = await read(path, options.signal);
  const { kmodName, specName, specText, archiveName } = source.spec;
  const output = options.output ?? kmodName;
  const [spec, archive] = [join(output, specName), join(output, archiveName)];
  await mkdir(output, { recursive: true });
  for (const file of [spec, archive]) {
    if (options.isForced || !(await exists(file))) continue;
    throw new ContentInvalidError(file, 'expected no file of this name, found one; add --force');
  }
  // What exists under the name is whole: the archive is packed beside it.
  const unfinished = join(output, `.${kmodName}.import`);
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished);
    await source.copySources(unfinished);
    await rename(join(unfinished, archiveName), archive);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  await writeFileAtomically(spec, specText);
  return { source, spec, archive };
}

async function read(path: string, signal: AbortSignal): Promise<DkmsSource> {
  try {
    const { tree, details } = await openDkmsTree(path, signal);
    return await readDkmsSource(tree, details, signal);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new NotFoundError('import', path, 'expected a folder or a package, found nothing');
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
