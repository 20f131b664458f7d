import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProgramFailedError } from '../../model/activity-errors.ts';
import { findProgram } from '../find-program.ts';
import { runProgram } from '../run-program.ts';
import { compileGuestInit } from './compile-guest-init.ts';

/** An architecture that kernels are tried on, as rpm names it. */
export type GuestArch = 'x86_64' | 'aarch64';

/** What boots kernels of one architecture on this host. */
export interface TestMachine {
  readonly arch: GuestArch;
  /** Path of QEMU. */
  readonly qemu: string;
  /** Before QEMU on its command line: lets it end with the worker, where the host has `setpriv`. */
  readonly guard: readonly string[];
  /** `-sandbox …` where this QEMU has it. */
  readonly sandbox: readonly string[];
  readonly accelerator: 'tcg' | 'kvm';
  /** Path of the guest's init, made for this architecture. */
  readonly init: string;
}

/** Where {@link prepareMachine} looks and keeps things. */
export interface MachineOptions {
  readonly arch: GuestArch;
  /** Keeps the compiled init. */
  readonly cacheDirectory: string;
  /** Directories of programs, as in `PATH`. */
  readonly searchPath: string;
  readonly signal: AbortSignal;
}

const SANDBOX = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny';
const PROBE_TIMEOUT_MS = 20_000;

/**
 * Finds QEMU and makes the guest's init. The machine emulates; see {@link chooseAccelerator}.
 *
 * @throws {ProgramFailedError} If QEMU or a compiler is missing or does not work.
 */
export async function prepareMachine(options: MachineOptions): Promise<TestMachine> {
  const { arch, searchPath, signal } = options;
  const qemu = await findQemu(arch, searchPath);
  if (qemu === undefined) {
    const detail = 'expected QEMU to be installed (qemu-system-x86 or qemu-kvm-core), found none';
    const end = { exitCode: null, stderrTail: '', detail };
    throw new ProgramFailedError([`qemu-system-${arch}`], end);
  }
  const init = await compileGuestInit(options);
  const setpriv = await findProgram('setpriv', searchPath);
  return {
    arch,
    qemu,
    guard: setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--'],
    sandbox: (await acceptsSandbox(qemu, signal)) ? ['-sandbox', SANDBOX] : [],
    accelerator: 'tcg',
    init,
  };
}

/** Finds QEMU: `qemu-system-<arch>`, else Red Hat's, which only runs the host's own architecture. */
export async function findQemu(arch: GuestArch, searchPath: string): Promise<string | undefined> {
  const found = await findProgram(`qemu-system-${arch}`, searchPath);
  if (found !== undefined || arch !== hostArch()) return found;
  return (
    (await findProgram('qemu-kvm', searchPath)) ?? (await findProgram('qemu-kvm', '/usr/libexec'))
  );
}

/** Whether KVM may be tried, and why not or what will decide, e.g. `the CPU has neither vmx nor svm`. */
export interface KvmOutlook {
  readonly isPossible: boolean;
  readonly why: string;
}

/**
 * Looks whether KVM may work here. A device node proves nothing: virtual machines have `/dev/kvm` and a CPU
 * without the extension, where kernels hang or die. Who believes it must still try a boot with a time limit.
 */
export async function lookForKvm(arch: GuestArch, root = '/'): Promise<KvmOutlook> {
  const not = (why: string): KvmOutlook => ({ isPossible: false, why });
  if (arch !== hostArch()) return not('the machine is of another architecture');
  const cpus = await readFile(join(root, 'proc/cpuinfo'), 'utf8').catch(() => '');
  if (arch === 'x86_64' && !/^flags\s*:.*\b(?:vmx|svm)\b/m.test(cpus)) {
    return not('the CPU has neither vmx nor svm');
  }
  return access(join(root, 'dev/kvm'), constants.R_OK | constants.W_OK).then(
    () => ({ isPossible: true, why: 'a probe boot decides' }),
    () => not('/dev/kvm cannot be used'),
  );
}

function hostArch(): GuestArch | undefined {
  const names: Partial<Record<NodeJS.Architecture, GuestArch>> = {
    x64: 'x86_64',
    arm64: 'aarch64',
  };
  return names[process.arch];
}

/** QEMU can be built without seccomp, and says so only when it starts. */
async function acceptsSandbox(qemu: string, signal: AbortSignal): Promise<boolean> {
  const args = ['-machine', 'none', '-nodefaults', '-no-user-config', '-display', 'none'];
  const { exitCode } = await runProgram([qemu, ...args, '-monitor', 'stdio', '-sandbox', SANDBOX], {
    stdin: 'quit\n',
    timeoutMs: PROBE_TIMEOUT_MS,
    okCodes: [0, 1],
    signal,
  });
  return exitCode === 0;
}
