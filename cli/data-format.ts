import { join } from 'node:path';
import { readJson, writeJson } from '../activities/atomic-file.ts';
import { RekmodError } from '../model/errors.ts';

/**
 * The format of the data directory. It is raised when an older rekmod would misread what a newer one writes; a
 * field more is none. Directories of before there was this number have the first.
 */
export const DATA_FORMAT = 1;

/** The data directory was written by a version that this one cannot read. */
export class DataFormatError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly found: number;

  constructor(root: string, found: number) {
    super(
      `Cannot use the data of "${root}": expected format ${DATA_FORMAT} or older, found ${found}; it was written by a newer rekmod: use that one, or set REKMOD_HOME to another directory`,
    );
    this.found = found;
  }
}

/** @throws {DataFormatError} If a newer version wrote there. */
export async function requireDataFormat(root: string): Promise<void> {
  const { format } = (await readJson(formatFileOf(root), isFormat)) ?? { format: DATA_FORMAT };
  if (format > DATA_FORMAT) throw new DataFormatError(root, format);
}

/** Marks a directory with the format of this version, before anything is written to it. */
export async function markDataFormat(root: string): Promise<void> {
  await requireDataFormat(root);
  await writeJson(formatFileOf(root), { format: DATA_FORMAT });
}

function formatFileOf(root: string): string {
  return join(root, 'format.json');
}

function isFormat(value: unknown): value is { readonly format: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'format' in value &&
    typeof value.format === 'number'
  );
}
