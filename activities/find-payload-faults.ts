import { createHash } from 'node:crypto';
import type { CpioEntry } from '../rpm/cpio-stream.ts';
import type { RpmFile } from '../rpm/header-files.ts';
import type { RpmFileReader } from './rpm-file.ts';

const FILE_TYPE_MASK = 0o170000;
const REGULAR = 0o100000;
/** A ghost is listed and not packed. */
const GHOST_FLAG = 1 << 6;
const FILE_FLAGS_TAG = 1037;
const MAX_PROBLEMS = 5;

/**
 * Finds where a package's payload is not what its header says. What is checked and signed is the header;
 * rpm takes the content by its list, and stops in the middle of an installation where they differ.
 *
 * @returns Sentences for people, a few at most.
 */
export async function findPayloadFaults(
  rpm: RpmFileReader,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const listed = new Map(rpm.header.files.map((file) => [file.path, file]));
  const missing = new Set(await listPacked(rpm));
  const problems: string[] = [];
  await rpm.walkEntries(async (entry, content) => {
    missing.delete(entry.path);
    if (problems.length >= MAX_PROBLEMS) return;
    const problem = await judgeEntry(entry, content, listed.get(entry.path), rpm);
    if (problem !== undefined) problems.push(problem);
  }, signal);
  const absent = [...missing].map((path) => `${path} is listed, but not packed`);
  return [...problems, ...absent].slice(0, MAX_PROBLEMS);
}

async function judgeEntry(
  { path, mode, linkCount }: CpioEntry,
  content: AsyncIterable<Uint8Array>,
  file: RpmFile | undefined,
  { header }: RpmFileReader,
): Promise<string | undefined> {
  if (!file) return `${JSON.stringify(path)} is packed, but not listed`;
  if (file.mode !== mode) return `${path} is packed as another kind of file than listed`;
  if ((mode & FILE_TYPE_MASK) !== REGULAR) return undefined;
  const hash = createHash(header.fileDigestAlgorithm);
  let sizeBytes = 0;
  for await (const piece of content) {
    hash.update(piece);
    sizeBytes += piece.length;
  }
  // Of several names of one file only the last has the content.
  if (linkCount > 1 && sizeBytes === 0) return undefined;
  const isSame = file.sizeBytes === sizeBytes && file.digest === hash.digest('hex');
  return isSame ? undefined : `${path} is packed with another content than listed`;
}

async function listPacked(rpm: RpmFileReader): Promise<readonly string[]> {
  const flags = (await rpm.readTags()).get(FILE_FLAGS_TAG) ?? [];
  return rpm.header.files
    .filter((_, index) => (Number(flags[index] ?? 0) & GHOST_FLAG) === 0)
    .map(({ path }) => path);
}
