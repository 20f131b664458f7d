import { readdir } from 'node:fs/promises';

/** Which of the files of a folder one process takes, e.g. the first of three parts: every third file. */
export interface Part {
  /** Counted from 1. */
  readonly part: number;
  readonly parts: number;
}

/**
 * Runs all tests of a folder in this process, file after file: starting a process and loading what is
 * tested takes longer than most of their tests. For folders whose tests leave the process as they found it.
 *
 * A folder whose tests take long, or wait for programs, is shared out to several processes.
 *
 * @param entry The URL of the file that calls, which lies in the folder.
 * @see scripts/test.sh
 */
export async function runTogether(
  entry: string,
  { part, parts }: Part = { part: 1, parts: 1 },
): Promise<void> {
  const names = await readdir(new URL('.', entry));
  const files = names.filter((one) => one.endsWith('.test.ts')).sort();
  for (const name of files.filter((_, index) => index % parts === part - 1)) {
    await import(new URL(name, entry).href);
  }
}
