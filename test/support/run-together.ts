import { readdir } from 'node:fs/promises';

/**
 * Runs all tests of a folder in this process, file after file: starting a process and loading what is
 * tested takes longer than most of their tests. For folders whose tests change nothing of the process.
 *
 * @param entry The URL of the file that calls, which lies in the folder.
 * @see scripts/test.sh
 */
export async function runTogether(entry: string): Promise<void> {
  const names = await readdir(new URL('.', entry));
  for (const name of names.filter((one) => one.endsWith('.test.ts')).sort()) {
    await import(new URL(name, entry).href);
  }
}
