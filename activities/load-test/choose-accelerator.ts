import { bootAndInsert } from './boot-and-insert.ts';
import { lookForKvm, type TestMachine } from './machine.ts';

/** A machine, and in words why it emulates or not. */
export interface ChosenMachine {
  readonly machine: TestMachine;
  readonly why: string;
}

/** An emulated boot takes 2 s, one with KVM less; where KVM does not work, kernels hang. */
const PROBE_TIMEOUT_MS = 20_000;

/**
 * Uses KVM where the CPU has the extension and a boot proves that it works; `-accel kvm -accel tcg` would not
 * fall back where the device is there and dead.
 *
 * @param kernel Path of a kernel that is to be booted anyway.
 */
export async function chooseAccelerator(
  machine: TestMachine,
  kernel: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<ChosenMachine> {
  const outlook = await lookForKvm(machine.arch);
  if (!outlook.isPossible) return { machine, why: `emulated: ${outlook.why}` };
  const withKvm: TestMachine = { ...machine, accelerator: 'kvm' };
  const probe = { machine: withKvm, kernel, groups: [], timeoutMs: PROBE_TIMEOUT_MS };
  const isWorking = await bootAndInsert(probe, { signal }).then(
    ({ end }) => end.kind === 'completed',
    () => false,
  );
  signal.throwIfAborted();
  return isWorking
    ? { machine: withKvm, why: 'KVM: a probe boot succeeded' }
    : { machine, why: 'emulated: a probe boot with KVM did not succeed' };
}
