import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How the made kernel behaves. */
export interface FakeKernel {
  /** `uname -r` that it tells. */
  readonly release: string;
  /** Error numbers of insertions by module, e.g. `{ jool: 22 }`. */
  readonly errnos?: Readonly<Record<string, number>>;
  /** What it writes while a module is inserted. */
  readonly log?: string;
  /** How many boots say nothing and end by themselves before one goes well. */
  readonly deadBoots?: number;
  /** It says nothing and does not end. */
  readonly isSilent?: boolean;
}

const SCRIPT = fileURLToPath(new URL('./fake-qemu.mjs', import.meta.url));

/** Puts a program by the name of QEMU into a directory. */
export async function writeFakeQemu(directory: string, kernel: FakeKernel): Promise<void> {
  await mkdir(directory, { recursive: true });
  const settings = join(directory, 'settings');
  await writeFile(settings, JSON.stringify(kernel));
  const program = `#!/bin/sh\nexec '${process.execPath}' '${SCRIPT}' '${settings}' "$@"\n`;
  await writeFile(join(directory, 'qemu-system-x86_64'), program, { mode: 0o755 });
}

/** The modules that each boot was given, with their parameters, e.g. `[['mc', 'jool debug=1']]`. */
export async function readFakeBoots(directory: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(join(directory, 'settings.boots'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
