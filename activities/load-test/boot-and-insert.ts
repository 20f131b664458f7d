import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootReport } from '../../model/load-test.ts';
import { LoadTestError } from '../../model/load-test-errors.ts';
import { type BootModule, writeBootScript } from '../../plan/boot-script.ts';
import { readBootReport } from '../../plan/read-boot-report.ts';
import type { TestMachine } from './machine.ts';
import { makeInitramfs } from './make-initramfs.ts';
import { qemuArguments } from './qemu-arguments.ts';
import { runMachine } from './run-machine.ts';

/** A module and its content: an uncompressed `.ko`, as bytes or as a file. */
export type BootModuleFile = BootModule &
  ({ readonly bytes: Uint8Array } | { readonly path: string });

/** What is tried in one boot. */
export interface BootRequest {
  readonly machine: TestMachine;
  /** Path of a `vmlinux` (x86: with a PVH entry) or of what QEMU boots besides, a `vmlinuz`. */
  readonly kernel: string;
  /** In order; after a refusal the boot goes on with the next module, after a crash it is over. */
  readonly groups: readonly {
    readonly name: string;
    /** In the order of insertion, in-tree modules that they need before them. */
    readonly modules: readonly BootModuleFile[];
  }[];
  /** Longest time for one step: the boot, an insertion, a removal. @default {60 000} */
  readonly timeoutMs?: number;
  /** @default {256} */
  readonly memoryMiB?: number;
  /** Whether an init that answers `-ENODEV` counts as loaded. @default {false} */
  readonly acceptNoDevice?: boolean;
  /** Pause after insertion and after removal, in which what was left behind shows. @default {300} */
  readonly settleMs?: number;
  /** Where the initramfs is written, removed afterwards. @default {the host's directory for temporary files} */
  readonly scratchRoot?: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;
/** 96 are enough to boot, 80 are not. */
const DEFAULT_MEMORY_MIB = 256;
const DEFAULT_SETTLE_MS = 300;
const MAX_CONSOLE_BYTES = 1024 * 1024;
const MIB = 1024 * 1024;

/**
 * Boots a real kernel in QEMU, inserts modules and removes them again.
 *
 * The initramfs is made for this very run and carries a random token, which each record of the guest repeats:
 * neither a module's output nor an old file can pass for a result. (Code in a kernel could still read the token
 * out of memory: the test finds defects, it is no defence.)
 *
 * @throws {ProgramFailedError} If QEMU cannot run.
 * @throws {LoadTestError} If the modules do not fit into the guest, or cannot be named to it.
 */
export async function bootAndInsert(
  request: BootRequest,
  { signal }: { readonly signal: AbortSignal },
): Promise<BootReport> {
  const token = randomBytes(16).toString('hex');
  const settleMs = request.settleMs ?? DEFAULT_SETTLE_MS;
  const script = writeBootScript(request.groups, { token, settleMs });
  const directory = await mkdtemp(join(request.scratchRoot ?? tmpdir(), 'rekmod-boot-'));
  try {
    const initramfs = join(directory, 'initramfs.cpio');
    const memoryMiB = request.memoryMiB ?? DEFAULT_MEMORY_MIB;
    const archive = await makeInitramfs({
      init: request.machine.init,
      plan: script.text,
      modules: await Promise.all(request.groups.flatMap((group) => group.modules).map(readModule)),
    });
    requireRoom(archive.length, memoryMiB);
    await writeFile(initramfs, archive);
    const guest = { kernel: request.kernel, initramfs, memoryMiB };
    const { machine } = request;
    const run = await runMachine(
      [...machine.guard, machine.qemu, ...qemuArguments(machine, guest)],
      {
        silenceMs: (request.timeoutMs ?? DEFAULT_TIMEOUT_MS) + settleMs,
        signOfLife: `rekmod-${token} `,
        maxConsoleBytes: MAX_CONSOLE_BYTES,
        signal,
      },
    );
    return readBootReport({
      groups: request.groups,
      script,
      token,
      consoleText: run.consoleText,
      machineEnd: run.end,
      acceptNoDevice: request.acceptNoDevice ?? false,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function readModule(module: BootModuleFile): Promise<Uint8Array> {
  return 'bytes' in module ? module.bytes : await readFile(module.path);
}

/** The archive lies in memory twice while the kernel unpacks it. */
function requireRoom(archiveBytes: number, memoryMiB: number): void {
  const roomBytes = ((memoryMiB - 96) * MIB) / 2;
  if (archiveBytes <= roomBytes) return;
  const found = `${Math.ceil(archiveBytes / MIB)} MiB of modules for ${memoryMiB} MiB`;
  throw new LoadTestError(
    `expected at most (memory - 96 MiB) / 2 of them, found ${found}; "loadTest.memory" gives more`,
  );
}
