import { join } from 'node:path';
import type { DataDirectory } from '../data-directory.ts';
import { createOneAtATime } from '../one-at-a-time.ts';
import { chooseAccelerator } from './choose-accelerator.ts';
import { type GuestArch, prepareMachine, type TestMachine } from './machine.ts';

/** Gives the machine that boots kernels of an architecture, found and probed when it is first asked for. */
export type Machines = (
  arch: GuestArch,
  kernel: string,
  signal: AbortSignal,
) => Promise<TestMachine>;

/** What is needed to find machines. */
export interface MachineDeps {
  readonly data: DataDirectory;
  readonly searchPath: string;
}

/** Remembers machines; trouble is not remembered, so that QEMU can be installed meanwhile. */
export function openMachines({ data, searchPath }: MachineDeps): Machines {
  const oneAtATime = createOneAtATime();
  const known = new Map<GuestArch, TestMachine>();
  return (arch, kernel, signal) =>
    oneAtATime(arch, async () => {
      const before = known.get(arch);
      if (before) return before;
      const cacheDirectory = join(data.cache, 'guest-init');
      const prepared = await prepareMachine({ arch, cacheDirectory, searchPath, signal });
      const { machine } = await chooseAccelerator(prepared, kernel, { signal });
      known.set(arch, machine);
      return machine;
    });
}
