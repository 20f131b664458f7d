import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProgramFailedError } from '../../model/activity-errors.ts';
import { findProgram } from '../find-program.ts';
import { runProgram } from '../run-program.ts';
import type { GuestArch, MachineOptions } from './machine.ts';

const SOURCE = fileURLToPath(new URL('./guest-init.c', import.meta.url));
const HEADER = fileURLToPath(new URL('./guest-calls.h', import.meta.url));
const COMPILE_TIMEOUT_MS = 60_000;
/** No C library, no position independence, nothing that needs a runtime. */
const FLAGS = [
  ...['-static', '-nostdlib', '-ffreestanding', '-fno-stack-protector', '-fno-pie', '-no-pie'],
  ...['-fno-asynchronous-unwind-tables', '-O2', '-s'],
];

/**
 * Compiles the guest's init with the host's C compiler, once for each source and compiler.
 *
 * @returns Path of the program.
 * @throws {ProgramFailedError} If there is no compiler for the architecture, or it refuses the source.
 */
export async function compileGuestInit(options: MachineOptions): Promise<string> {
  const { arch, cacheDirectory, signal } = options;
  const compiler = await requireCompiler(options);
  const { stdout: version } = await runProgram([compiler, '--version'], { signal });
  const digest = createHash('sha256').update(`${compiler}\0${version}\0${FLAGS}\0`);
  for (const path of [SOURCE, HEADER]) digest.update(await readFile(path));
  const target = join(cacheDirectory, `guest-init-${arch}-${digest.digest('hex').slice(0, 16)}`);
  if (await exists(target)) return target;
  await mkdir(cacheDirectory, { recursive: true });
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    await runProgram([compiler, ...FLAGS, '-o', temporary, SOURCE], {
      timeoutMs: COMPILE_TIMEOUT_MS,
      signal,
    });
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
  return target;
}

async function requireCompiler({ arch, searchPath }: MachineOptions): Promise<string> {
  const found = await findCompiler(arch, searchPath);
  if (found !== undefined) return found;
  const detail = 'expected a C compiler to be installed, found none';
  const end = { exitCode: null, stderrTail: '', detail };
  throw new ProgramFailedError(compilersFor(arch).slice(0, 1), end);
}

/** Finds the C compiler that makes programs for an architecture: the host's own, or a cross compiler. */
export async function findCompiler(
  arch: GuestArch,
  searchPath: string,
): Promise<string | undefined> {
  for (const name of compilersFor(arch)) {
    const found = await findProgram(name, searchPath);
    if (found !== undefined) return found;
  }
  return undefined;
}

function compilersFor(arch: GuestArch): readonly string[] {
  const isNative =
    (arch === 'x86_64' && process.arch === 'x64') ||
    (arch === 'aarch64' && process.arch === 'arm64');
  return isNative ? ['cc', 'gcc', 'clang'] : [`${arch}-linux-gnu-gcc`];
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
