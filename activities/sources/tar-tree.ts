import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { RekmodError } from '../../model/errors.ts';
import { ArchiveParseError } from '../../model/parse-errors.ts';
import {
  createTreeBounds,
  noContent,
  normalizeTreePath,
  type Tree,
  type TreeEntry,
  type TreeVisitor,
} from './tree.ts';

/** A tar archive's bytes, uncompressed, from the beginning each time. */
export type TarBytes = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

const KINDS: ReadonlyMap<Header['type'], TreeEntry['kind']> = new Map([
  ['file', 'file'],
  ['contiguous-file', 'file'],
  ['directory', 'directory'],
  ['symlink', 'symlink'],
  ['link', 'hardlink'],
]);

/** Opens a tar archive as a source tree. Devices and the like are passed over. */
export function openTarTree(name: string, readBytes: TarBytes): Tree {
  return {
    name,
    walk: async (visit, signal) => await walkTar(readBytes(signal), visit, signal),
  };
}

async function walkTar(
  bytes: AsyncIterable<Uint8Array>,
  visit: TreeVisitor,
  signal: AbortSignal,
): Promise<void> {
  const tar = extract();
  const fed = pipeline(Readable.from(bytes, { objectMode: false }), tar, { signal });
  fed.catch(() => undefined);
  const bounds = createTreeBounds('tar');
  let refusal: { readonly error: unknown } | undefined;
  try {
    for await (const stream of tar) {
      const entry = toEntry(stream.header);
      if (entry !== undefined) {
        bounds.admit(entry);
        const content = entry.kind === 'file' ? toBytes(stream) : noContent();
        await visit(entry, content).catch((error: unknown) => {
          refusal = { error };
          throw error;
        });
      }
      stream.resume();
    }
    await fed;
  } catch (cause) {
    signal.throwIfAborted();
    if (refusal !== undefined) throw refusal.error;
    throw isTarError(cause) ? new ArchiveParseError('tar', cause.message, { cause }) : cause;
  } finally {
    tar.destroy();
  }
}

async function* toBytes(stream: AsyncIterable<unknown>): AsyncIterable<Uint8Array> {
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new Error('BUG: a tar entry gave no bytes');
    yield chunk;
  }
}

function toEntry(header: Header): TreeEntry | undefined {
  const kind = KINDS.get(header.type);
  const path = normalizeTreePath('tar', header.name);
  if (kind === undefined || path === '') return undefined;
  const linkTo = header.linkname ?? '';
  return {
    path,
    kind,
    isProgram: kind === 'file' && ((header.mode ?? 0) & 0o100) !== 0,
    sizeBytes: kind === 'file' ? (header.size ?? 0) : 0,
    linkTo: kind === 'hardlink' ? normalizeTreePath('tar', linkTo) : linkTo,
  };
}

/** What the bytes' own source throws has its own words. */
function isTarError(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof RekmodError) && !('syscall' in error);
}
