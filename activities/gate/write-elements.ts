import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { RepomdFile } from '../../rpm/repomd.ts';

/** Where metadata is written. */
export interface MetadataTarget {
  /** The repository's `repodata` folder. */
  readonly directory: string;
  /** E.g. `primary`. */
  readonly type: string;
  /** E.g. `primary.xml`; its checksum is put in front. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/**
 * Writes a metadata file piece by piece, compressed with gzip, which every dnf and zypper reads, and named by its
 * checksum, so that no name ever changes its content.
 *
 * @returns What `repomd.xml` says of it.
 */
export async function writeMetadata(
  text: AsyncIterable<string> | Iterable<string>,
  { directory, type, name, signal }: MetadataTarget,
): Promise<RepomdFile> {
  const temporary = join(directory, `.${name}.gz`);
  const open = createDigest();
  const packed = createDigest();
  // No time and no name in its header: the same content is the same file.
  const gzip = createGzip({ level: 6 });
  await pipeline(
    Readable.from(text, { objectMode: true }),
    open.pass,
    gzip,
    packed.pass,
    createWriteStream(temporary, { flags: 'wx', flush: true }),
    { signal },
  );
  const checksum = packed.hash.digest('hex');
  const fileName = `${checksum}-${name}.gz`;
  await rename(temporary, join(directory, fileName));
  return {
    type,
    location: `repodata/${fileName}`,
    checksum: { type: 'sha256', value: checksum },
    openChecksum: { type: 'sha256', value: open.hash.digest('hex') },
    sizeBytes: packed.sizeBytes(),
    openSizeBytes: open.sizeBytes(),
  };
}

interface Digest {
  readonly hash: Hash;
  readonly pass: Transform;
  sizeBytes(): number;
}

function createDigest(): Digest {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const pass = new Transform({
    writableObjectMode: true,
    transform(chunk: string | Uint8Array, _encoding, done) {
      const bytes = Buffer.from(chunk);
      hash.update(bytes);
      sizeBytes += bytes.length;
      done(undefined, bytes);
    },
  });
  return { hash, pass, sizeBytes: () => sizeBytes };
}
