import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProgramFailedError } from '../../model/activity-errors.ts';
import { findProgram } from '../find-program.ts';
import { runProgram } from '../run-program.ts';
import type { MachineOptions } from './machine.ts';

const SOURCE = new URL('./guest-init.c', import.meta.url);
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
  const compiler = await findCompiler(options);
  const source = await readFile(SOURCE);
  const { stdout: version } = await runProgram([compiler, '--version'], { signal });
  const digest = createHash('sha256').update(source).update(`\0${compiler}\0${version}\0${FLAGS}`);
  const target = join(cacheDirectory, `guest-init-${arch}-${digest.digest('hex').slice(0, 16)}`);
  if (await exists(target)) return target;
  await mkdir(cacheDirectory, { recursive: true });
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    await runProgram([compiler, ...FLAGS, '-x', 'c', '-o', temporary, '-'], {
      stdin: source.toString('utf8'),
      timeoutMs: COMPILE_TIMEOUT_MS,
      signal,
    });
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
  return target;
}

/** The host's compiler makes programs for the host; for others a cross compiler has the name. */
async function findCompiler({ arch, searchPath }: MachineOptions): Promise<string> {
  const isNative =
    (arch === 'x86_64' && process.arch === 'x64') ||
    (arch === 'aarch64' && process.arch === 'arm64');
  const names = isNative ? ['cc', 'gcc', 'clang'] : [`${arch}-linux-gnu-gcc`];
  for (const name of names) {
    const found = await findProgram(name, searchPath);
    if (found !== undefined) return found;
  }
  const detail = 'expected a C compiler to be installed, found none';
  throw new ProgramFailedError(names.slice(0, 1), { exitCode: null, stderrTail: '', detail });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
