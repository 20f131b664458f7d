import { ArchiveParseError, quoteExcerpt } from '../../model/parse-errors.ts';

/** One entry of a source tree. */
export interface TreeEntry {
  /** Relative, with slashes and without `.` or `..`, e.g. `src/main.c`. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink';
  /** Whether its owner may execute it; the other permissions of sources mean nothing. */
  readonly isProgram: boolean;
  readonly sizeBytes: number;
  /** Of a symbolic link its target as it is, of a hard link the path of the other name; else empty. */
  readonly linkTo: string;
}

/** Is given one entry after the other; its content is read to the end or not at all. */
export type TreeVisitor = (entry: TreeEntry, content: AsyncIterable<Uint8Array>) => Promise<void>;

/**
 * Sources, whatever they lie in: a directory, an archive, a package. They are read from beginning to
 * end, as often as asked, and never held in memory.
 */
export interface Tree {
  /** Named in errors, e.g. a path. */
  readonly name: string;
  /**
   * @throws {ArchiveParseError} If it is malformed or out of bounds.
   * @throws What `visit` throws.
   */
  walk(visit: TreeVisitor, signal: AbortSignal): Promise<void>;
}

const ENTRY_LIMIT = 500_000;
/** The largest sources of kmods (NVIDIA, MOFED) have less than 1 GiB in all. */
const FILE_BYTES_LIMIT = 1024 ** 3;
const TREE_BYTES_LIMIT = 4 * 1024 ** 3;
const PATH_LENGTH_LIMIT = 4096;

/** Counts the entries of a tree against what sources may have. */
export interface TreeBounds {
  /** @throws {ArchiveParseError} If this entry is too large, or one too many. */
  admit(entry: Pick<TreeEntry, 'path' | 'sizeBytes'>): void;
}

/** @param format Named in errors, e.g. `tar`. */
export function createTreeBounds(format: string): TreeBounds {
  let count = 0;
  let totalBytes = 0;
  return {
    admit({ path, sizeBytes }) {
      count += 1;
      totalBytes += sizeBytes;
      if (count > ENTRY_LIMIT) {
        throw new ArchiveParseError(format, `expected at most ${ENTRY_LIMIT} entries, found more`);
      }
      if (sizeBytes > FILE_BYTES_LIMIT) {
        const found = `${quoteExcerpt(path)} with ${sizeBytes}`;
        throw new ArchiveParseError(
          format,
          `expected at most ${FILE_BYTES_LIMIT} bytes a file, found ${found}`,
        );
      }
      if (totalBytes > TREE_BYTES_LIMIT) {
        throw new ArchiveParseError(
          format,
          `expected at most ${TREE_BYTES_LIMIT} bytes, found more`,
        );
      }
    },
  };
}

/**
 * Makes a path of an archive relative: `./usr//src/x` and `/usr/src/x` are both `usr/src/x`.
 *
 * @returns Empty for the root itself.
 * @throws {ArchiveParseError} If it leaves the root, is too long or holds a control character.
 */
export function normalizeTreePath(format: string, path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  const isSane = !segments.includes('..') && !/[\u0000-\u001f\u007f]/.test(path);
  if (isSane && path.length <= PATH_LENGTH_LIMIT) return segments.join('/');
  throw new ArchiveParseError(
    format,
    `expected a path inside of the archive, found ${quoteExcerpt(path)}`,
  );
}

/** The content of an entry that has none. */
export async function* noContent(): AsyncIterable<Uint8Array> {}
