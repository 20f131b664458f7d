import { readFile } from 'node:fs/promises';
import { type CpioEntry, writeCpio } from '../../rpm/cpio-writer.ts';

/**
 * Makes the guest's first root file system: its init, the plan, and the modules by the numbers of their steps.
 *
 * @param modules Uncompressed, in the order of the plan's steps.
 */
export async function makeInitramfs(contents: {
  readonly init: string;
  readonly plan: string;
  readonly modules: readonly Uint8Array[];
}): Promise<Uint8Array> {
  const entries: CpioEntry[] = [
    ...['dev', 'proc', 'sys', 'm'].map((path) => ({ kind: 'directory', path }) as const),
    { kind: 'character-device', path: 'dev/console', major: 5, minor: 1 },
    { kind: 'character-device', path: 'dev/kmsg', major: 1, minor: 11 },
    { kind: 'file', path: 'init', mode: 0o755, bytes: await readFile(contents.init) },
    { kind: 'file', path: 'plan', bytes: new TextEncoder().encode(contents.plan) },
    ...contents.modules.map(
      (bytes, step): CpioEntry => ({ kind: 'file', path: `m/${step}`, bytes }),
    ),
  ];
  return writeCpio(entries);
}
