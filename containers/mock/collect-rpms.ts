import { constants, copyFile, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltFile } from '../backend.ts';
import { badOutput, checkRpmName, FILE_COUNT_LIMIT, tooLarge } from '../rpm-output.ts';

/**
 * Takes the binary RPMs out of a directory of results, under the rules of every build's output:
 * regular files and plain names only, so many and so much and no more, never over a file that is there.
 *
 * @param limitBytes Of all files together.
 * @returns What was taken, sorted by name; at least one.
 * @throws {OutputRefusedError} If something else is there; nothing is taken then.
 */
export async function collectRpms(
  results: string,
  outputDirectory: string,
  limitBytes: number,
): Promise<readonly BuiltFile[]> {
  const names = (await readdir(results)).filter(isBinaryRpm).sort();
  if (names.length === 0) throw badOutput('no package at all');
  if (names.length > FILE_COUNT_LIMIT) throw badOutput(`more than ${FILE_COUNT_LIMIT} files`);
  const files: BuiltFile[] = [];
  let totalBytes = 0;
  for (const name of names) {
    checkRpmName(name);
    const found = await lstat(join(results, name));
    if (!found.isFile()) throw badOutput(`"${name}" is no regular file`);
    totalBytes += found.size;
    if (totalBytes > limitBytes) throw tooLarge(limitBytes);
    files.push({ name, sizeBytes: found.size });
  }
  await copyNew(files, results, outputDirectory);
  return files;
}

/** mock puts the source RPM beside the others. */
function isBinaryRpm(name: string): boolean {
  return name.endsWith('.rpm') && !name.endsWith('.src.rpm') && !name.endsWith('.nosrc.rpm');
}

async function copyNew(files: readonly BuiltFile[], from: string, to: string): Promise<void> {
  const copied: string[] = [];
  try {
    for (const { name } of files) {
      await copyFile(join(from, name), join(to, name), constants.COPYFILE_EXCL);
      copied.push(name);
    }
  } catch (error) {
    for (const name of copied) await rm(join(to, name), { force: true });
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw isThere ? badOutput('a package is there already') : error;
  }
}
