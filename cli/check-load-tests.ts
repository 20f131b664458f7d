import { findCompiler } from '../activities/load-test/compile-guest-init.ts';
import { findQemu, type GuestArch, lookForKvm } from '../activities/load-test/machine.ts';
import type { Settings } from '../model/settings.ts';
import type { Check } from './check.ts';
import type { Installer } from './installer.ts';

/** Packages with QEMU; on Red Hat's own systems it is `qemu-kvm-core`, for the machine's own architecture. */
const QEMU_PACKAGES = {
  x86_64: { debian: 'qemu-system-x86', fedora: 'qemu-kvm-core' },
  aarch64: { debian: 'qemu-system-arm', fedora: 'qemu-kvm-core' },
} as const;

/** What load tests need on the machine that builds; nothing when no kmod asks for one. */
export async function checkLoadTests(
  settings: Settings,
  { searchPath, installer }: { readonly searchPath: string; readonly installer: Installer },
): Promise<readonly Check[]> {
  const streams = new Set(settings.kmods.flatMap((kmod) => (kmod.loadTest ? kmod.streams : [])));
  const used = settings.streams.filter(({ name }) => streams.has(name));
  const checks: Check[] = [];
  for (const arch of new Set(used.map((stream) => stream.arch))) {
    if (arch === 'x86_64' || arch === 'aarch64') {
      checks.push(await checkQemu(arch, searchPath, installer));
      checks.push(await checkCompiler(arch, searchPath, installer));
    } else {
      const name = `load tests on ${arch}`;
      const found = 'only x86_64 and aarch64 are possible';
      checks.push({ name, isGood: false, found, remedy: 'set "loadTest.mode" to off' });
    }
  }
  return checks;
}

async function checkQemu(
  arch: GuestArch,
  searchPath: string,
  { family, command }: Installer,
): Promise<Check> {
  const name = `QEMU for load tests on ${arch}`;
  const qemu = await findQemu(arch, searchPath);
  if (qemu === undefined) {
    const remedy = `${command} ${QEMU_PACKAGES[arch][family]}`;
    return { name, isGood: false, found: 'not on PATH', remedy };
  }
  const { isPossible, why } = await lookForKvm(arch);
  return {
    name,
    isGood: true,
    found: `${qemu}, ${isPossible ? 'KVM if it works' : 'emulation'}: ${why}`,
  };
}

async function checkCompiler(
  arch: GuestArch,
  searchPath: string,
  { command }: Installer,
): Promise<Check> {
  const name = `C compiler for load tests on ${arch}`;
  const compiler = await findCompiler(arch, searchPath);
  return {
    name,
    isGood: compiler !== undefined,
    found: compiler ?? 'not on PATH',
    ...(compiler === undefined ? { remedy: `${command} gcc` } : {}),
  };
}
