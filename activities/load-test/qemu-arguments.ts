import type { TestMachine } from './machine.ts';

/** What a guest is started with. */
export interface GuestFiles {
  readonly kernel: string;
  readonly initramfs: string;
  readonly memoryMiB: number;
}

/**
 * An oops is the end, so that it is the module's that caused it; so is a CPU that does not come back for 20 s.
 * The console is quiet until the init raises its level: a byte on an emulated serial line takes its time.
 */
const COMMAND_LINE =
  'panic=-1 oops=panic softlockup_panic=1 printk.devkmsg=on quiet random.trust_cpu=on rdinit=/init';

/**
 * QEMU's arguments: one CPU, one serial line, and no other device. The machine is `pc`, which always booted
 * where `microvm` sometimes hung.
 *
 * @see reference of QEMU 7.2, system/invocation
 */
export function qemuArguments(machine: TestMachine, guest: GuestFiles): readonly string[] {
  const { arch } = machine;
  const isX86 = arch === 'x86_64';
  const console = isX86 ? 'console=ttyS0,115200' : 'console=ttyAMA0';
  return [
    ...['-machine', isX86 ? 'pc' : 'virt'],
    ...(isX86 ? [] : ['-cpu', machine.accelerator === 'kvm' ? 'host' : 'cortex-a57']),
    ...['-accel', machine.accelerator, '-m', `${guest.memoryMiB}`, '-smp', '1'],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    ...(isX86 ? ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'] : []),
    ...machine.sandbox,
    ...['-kernel', guest.kernel, '-initrd', guest.initramfs],
    ...['-append', `${console} ${COMMAND_LINE}`],
  ];
}
