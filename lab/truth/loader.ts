import { randomUUID } from 'node:crypto';
import { access, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type BootModuleFile, bootAndInsert } from '../../activities/load-test/boot-and-insert.ts';
import { extractVmlinuxFile } from '../../activities/load-test/extract-vmlinux.ts';
import { prepareMachine, type TestMachine } from '../../activities/load-test/machine.ts';
import type { BootReport } from '../../model/load-test.ts';
import type { TruthKernel } from './kernels.ts';
import { once } from './once.ts';
import { digestFile, type Memory, type ResultKey, truthDirectory } from './remember.ts';
import { type GroupResult, tryGroups } from './try-groups.ts';

/** Modules that are inserted together. */
export interface LoaderGroup {
  readonly name: string;
  readonly modules: readonly (BootModuleFile & { readonly path: string })[];
  /** What the modules are, for the key of the result: digests of ours, paths of the kernel's own. */
  readonly contents: readonly string[];
}

/** The real loader: kernels in QEMU. */
export interface Loader {
  /** Tries groups in one boot, or as many as it takes. @returns By name of the group. */
  try(
    kernel: TruthKernel,
    groups: readonly LoaderGroup[],
  ): Promise<ReadonlyMap<string, GroupResult>>;
  readonly counts: Readonly<Record<'boots' | 'groups', number>>;
}

// Nothing is measured; what a module leaves behind mostly shows at once.
const SETTLE_MS = 40;
const BOOT_TIMEOUT_MS = 180_000;
const MEMORY_MIB = 384;

/** Opens the loader; results that are remembered take no boot. */
export async function openLoader(memory: Memory, signal: AbortSignal): Promise<Loader> {
  const machine = await prepareMachine({
    arch: 'x86_64',
    cacheDirectory: join(truthDirectory(), 'guest'),
    searchPath: process.env.PATH ?? '',
    signal,
  });
  const initDigest = await digestFile(machine.init);
  const imageOf = once((kernel: TruthKernel) => findImage(kernel, signal));
  const counts = { boots: 0, groups: 0 };
  return {
    counts,
    async try(kernel, groups) {
      const image = await imageOf(kernel);
      const keyOf = ({ contents }: LoaderGroup): ResultKey => ({
        purpose: 'loader',
        parts: [initDigest, image.digest, ...contents],
      });
      const results = new Map<string, GroupResult>();
      const untried: LoaderGroup[] = [];
      for (const group of groups) {
        const known = await memory.find<GroupResult>(keyOf(group));
        if (known) results.set(group.name, known);
        else untried.push(group);
      }
      counts.groups += groups.length;
      const tried = await tryGroups(untried, async (some) => {
        counts.boots += 1;
        const report = await boot(machine, image.path, some, signal);
        requireRelease(report, kernel);
        return report;
      });
      for (const [index, group] of untried.entries()) {
        const result = tried[index];
        if (!result) throw new Error(`BUG: no boot told of ${group.name}`);
        await memory.keep(keyOf(group), result);
        results.set(group.name, result);
      }
      return results;
    },
  };
}

async function boot(
  machine: TestMachine,
  kernel: string,
  groups: readonly LoaderGroup[],
  signal: AbortSignal,
): Promise<BootReport> {
  return await bootAndInsert(
    {
      machine,
      kernel,
      groups,
      timeoutMs: BOOT_TIMEOUT_MS,
      memoryMiB: MEMORY_MIB,
      settleMs: SETTLE_MS,
      acceptNoDevice: true,
    },
    { signal },
  );
}

/** A kernel that calls itself otherwise is not the one whose modules and symbols are looked at. */
function requireRelease({ release }: BootReport, kernel: TruthKernel): void {
  if (release === undefined || release === kernel.release) return;
  throw new Error(`Cannot use kernel "${kernel.release}": expected that name, found "${release}"`);
}

/** Unpacks the kernel's image, unless it is there. */
async function findImage(kernel: TruthKernel, signal: AbortSignal) {
  const vmlinuz = join(kernel.directory, 'lib', 'modules', kernel.release, 'vmlinuz');
  const path = join(kernel.directory, 'vmlinux');
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    const temporary = `${path}.${randomUUID()}.tmp`;
    await extractVmlinuxFile(vmlinuz, temporary, { signal });
    await rename(temporary, path);
  }
  return { path, digest: await digestFile(vmlinuz) };
}
