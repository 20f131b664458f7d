import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ContentMismatchError } from '../model/activity-errors.ts';
import type { Checksum } from '../model/kernel.ts';
import type { StoredFile } from '../model/store.ts';

/** What content must be. */
export interface ExpectedContent {
  /** Named in errors. */
  readonly url: string;
  readonly checksum: Checksum;
  /** Absent where the metadata does not say; {@link ExpectedContent.maxBytes} bounds it then. */
  readonly sizeBytes?: number;
  /** @default {4 GiB} */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 4 * 1024 ** 3;

/**
 * Writes content to a new file and tells its digest.
 *
 * @param path Must not exist yet; the caller removes it when this throws.
 * @throws {ContentMismatchError} If size or checksum are not the expected ones.
 */
export async function writeVerified(
  path: string,
  source: AsyncIterable<Uint8Array>,
  expected?: ExpectedContent,
): Promise<StoredFile> {
  const sha256 = createHash('sha256');
  const promised = expected ? createHash(hashName(expected)) : undefined;
  const maxBytes = expected?.maxBytes ?? DEFAULT_MAX_BYTES;
  if (expected?.sizeBytes !== undefined && expected.sizeBytes > maxBytes) {
    const detail = `expected at most ${maxBytes} bytes, found ${expected.sizeBytes} promised`;
    throw new ContentMismatchError(expected.url, detail);
  }
  const limitBytes = expected?.sizeBytes ?? maxBytes;
  let sizeBytes = 0;
  const file = await open(path, 'wx', 0o644);
  try {
    for await (const chunk of source) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > limitBytes) {
        throw new ContentMismatchError(
          expected?.url ?? path,
          `expected at most ${limitBytes} bytes, found more`,
        );
      }
      sha256.update(chunk);
      promised?.update(chunk);
      await file.write(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (expected) checkContent(expected, sizeBytes, promised?.digest('hex'));
  return { sha256: sha256.digest('hex'), sizeBytes };
}

function checkContent(expected: ExpectedContent, sizeBytes: number, digest?: string): void {
  const { url, checksum } = expected;
  if (expected.sizeBytes !== undefined && sizeBytes !== expected.sizeBytes) {
    throw new ContentMismatchError(url, `expected ${expected.sizeBytes} bytes, found ${sizeBytes}`);
  }
  if (digest !== checksum.value.toLowerCase()) {
    const detail = `expected ${checksum.type} ${checksum.value}, found ${digest}`;
    throw new ContentMismatchError(url, detail);
  }
}

/** rpm-md's names of digests; md5 and sha1 prove nothing any more. */
function hashName({ url, checksum }: ExpectedContent): string {
  if (['sha224', 'sha256', 'sha384', 'sha512'].includes(checksum.type)) return checksum.type;
  throw new ContentMismatchError(url, `expected a sha2 checksum, found "${checksum.type}"`);
}
