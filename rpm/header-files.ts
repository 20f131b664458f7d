import { quoteExcerpt, RpmHeaderParseError } from '../model/parse-errors.ts';
import { findNumbers, findTexts, type HeaderBlob } from './header-blob.ts';

/** One packaged path. */
export interface RpmFile {
  /** Absolute in a binary package; the bare file name in a source package. */
  readonly path: string;
  readonly sizeBytes: number;
  /** As `stat` has it, e.g. `0o100644`. */
  readonly mode: number;
  /** In hexadecimal; empty for what is no regular file. */
  readonly digest: string;
  /** A symbolic link's target; empty for others. */
  readonly linkTo: string;
}

const FILE_LIMIT = 1_000_000;
const PATH_LENGTH_LIMIT = 4096;
const TAG = {
  sizes: 1028,
  modes: 1030,
  digests: 1035,
  linkTos: 1036,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  longSizes: 5008,
} as const;

/**
 * Reads the list of packaged paths.
 *
 * @returns In the header's order; empty for a package without files.
 * @throws {RpmHeaderParseError} If the lists of names, sizes and so on do not fit together.
 * @see rpm 4.18 lib/rpmfi.c, rpmfilesNew()
 */
export function readFileList(blob: HeaderBlob): readonly RpmFile[] {
  const baseNames = findTexts(blob, TAG.baseNames) ?? [];
  const count = baseNames.length;
  if (count > FILE_LIMIT) {
    throw new RpmHeaderParseError(`expected at most ${FILE_LIMIT} files, found ${count}`);
  }
  if (count === 0) return [];
  const dirNames = findTexts(blob, TAG.dirNames) ?? [];
  const dirIndexes = requireCount('directories', findNumbers(blob, TAG.dirIndexes), count);
  const sizes = requireCount(
    'sizes',
    findNumbers(blob, TAG.longSizes) ?? findNumbers(blob, TAG.sizes),
    count,
  );
  const modes = requireCount('modes', findNumbers(blob, TAG.modes), count);
  const digests = requireCount('digests', findTexts(blob, TAG.digests), count);
  const linkTos = requireCount('links', findTexts(blob, TAG.linkTos), count);
  return baseNames.map((baseName, i) => ({
    path: requirePath(dirNames[dirIndexes[i] ?? 0], baseName),
    sizeBytes: sizes[i] ?? 0,
    mode: modes[i] ?? 0,
    digest: digests[i] ?? '',
    linkTo: linkTos[i] ?? '',
  }));
}

function requireCount<T>(what: string, list: readonly T[] | undefined, count: number) {
  if (list?.length !== count) {
    throw new RpmHeaderParseError(`expected ${count} ${what} of files, found ${list?.length ?? 0}`);
  }
  return list;
}

function requirePath(dirName: string | undefined, baseName: string): string {
  const path = `${dirName ?? ''}${baseName}`;
  const isSane = dirName === '' ? !baseName.includes('/') : dirName?.startsWith('/') === true;
  if (!isSane || path.length > PATH_LENGTH_LIMIT || path.split('/').includes('..')) {
    throw new RpmHeaderParseError(`expected a packaged path, found ${quoteExcerpt(path)}`);
  }
  return path;
}
