import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Nevra } from '../../model/kernel.ts';
import { formatNevra } from '../../rpm/nevra.ts';
import { makeRpm } from './make-rpm.ts';

/** A kernel that nobody compiled: its packages are real, its kABI is chosen, its image is a few bytes. */
export interface FastKernel {
  /** Version and release, e.g. `5.14.0-7.el9`; `uname -r` has the architecture behind it. */
  readonly spelling: string;
  /** It exports `kapi_00000` and so on. @default {200} */
  readonly symbolCount?: number;
  /** Symbols that were changed, by generation: another one is another CRC; all others are of 1. */
  readonly changed?: Readonly<Record<string, number>>;
  /** Symbols that it does not export any more. */
  readonly lost?: readonly string[];
  /** `uname -r`, where a flavour is in it. */
  readonly release?: string;
  /** What its packages are called, where not `kernel-core` and `kernel-devel`. */
  readonly names?: { readonly core: string; readonly devel: string };
}

const ARCH = 'x86_64';
const SYMBOL_COUNT = 200;
const NAMES = { core: 'kernel-core', devel: 'kernel-devel' } as const;
/** What makes the flags of {@link FAST_VERMAGIC_FLAGS}. */
const OPTIONS = ['SMP', 'PREEMPT_BUILD', 'PREEMPTION', 'MODULE_UNLOAD', 'MODVERSIONS'];

/** What stands behind the release in the vermagic of a module for such a kernel. */
export const FAST_VERMAGIC_FLAGS = 'SMP preempt mod_unload modversions';

/** `uname -r`, e.g. `5.14.0-7.el9.x86_64`. */
export function fastRelease({
  spelling,
  release = `${spelling}.${ARCH}`,
}: Pick<FastKernel, 'spelling' | 'release'>): string {
  return release;
}

/** Names a symbol of all such kernels, e.g. `kapi_00007`. */
export function fastSymbol(index: number): string {
  return `kapi_${`${index}`.padStart(5, '0')}`;
}

/** A CRC that depends on nothing but the text, e.g. `kapi_00007 of generation 1`. */
export function fastCrc(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}

/**
 * Writes kernel-core and kernel-devel of a kernel, in RHEL's layout and not signed, within milliseconds.
 *
 * @param directory Gets them; is made.
 * @returns Their file names, core first.
 */
export async function makeFastKernel(
  directory: string,
  kernel: FastKernel,
): Promise<readonly [core: string, devel: string]> {
  await mkdir(directory, { recursive: true });
  const release = fastRelease(kernel);
  const names = kernel.names ?? NAMES;
  const tree = `/usr/src/kernels/${release}`;
  const config = OPTIONS.map((name) => `CONFIG_${name}=y\n`).join('');
  const core = makeRpm({
    nevra: nevraOf(names.core, kernel),
    summary: `The kernel ${release}, which does not boot`,
    files: [{ path: `/lib/modules/${release}/vmlinuz`, bytes: Buffer.from(release) }],
    provides: [
      ['kernel', kernel.spelling],
      ['kernel-uname-r', release],
    ],
  });
  const devel = makeRpm({
    nevra: nevraOf(names.devel, kernel),
    summary: `What modules for ${release} are built against`,
    files: [
      { path: `/lib/modules/${release}/build`, target: tree },
      { path: `${tree}/Module.symvers`, bytes: Buffer.from(writeFastKabi(kernel)) },
      { path: `${tree}/include/config/auto.conf`, bytes: Buffer.from(config) },
    ],
    provides: [['kernel-devel-uname-r', release]],
  });
  const [coreName, develName] = fastKernelFiles(kernel);
  await writeFile(join(directory, coreName), core);
  await writeFile(join(directory, develName), devel);
  return [coreName, develName];
}

/** The file names of a kernel's packages, core first. */
export function fastKernelFiles(
  kernel: Pick<FastKernel, 'spelling' | 'names'>,
): readonly [core: string, devel: string] {
  const { core, devel } = kernel.names ?? NAMES;
  return [
    `${formatNevra(nevraOf(core, kernel))}.rpm`,
    `${formatNevra(nevraOf(devel, kernel))}.rpm`,
  ];
}

function nevraOf(name: string, { spelling }: Pick<FastKernel, 'spelling'>): Nevra {
  const [version = '', release = ''] = spelling.split('-');
  return { name, epoch: 0, version, release, arch: ARCH };
}

/** The `Module.symvers` of a kernel; sorted as modpost writes it: not at all. */
export function writeFastKabi({
  symbolCount = SYMBOL_COUNT,
  changed = {},
  lost = [],
}: Omit<FastKernel, 'spelling'>): string {
  const gone = new Set(lost);
  const names = Array.from({ length: symbolCount }, (_, index) => fastSymbol(index));
  return ['module_layout', ...names]
    .filter((name) => !gone.has(name))
    .map((name) => {
      const crc = fastCrc(`${name} of generation ${changed[name] ?? 1}`);
      return `0x${crc.toString(16).padStart(8, '0')}\t${name}\tvmlinux\tEXPORT_SYMBOL\t\n`;
    })
    .join('');
}
