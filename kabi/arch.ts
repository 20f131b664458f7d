import type { ElfObject } from './elf.ts';

type Arch = readonly [name: string, form: Pick<ElfObject, 'is64Bit' | 'isLittleEndian'>];

const LITTLE_64 = { is64Bit: true, isLittleEndian: true };
const BIG_64 = { is64Bit: true, isLittleEndian: false };
const LITTLE_32 = { is64Bit: false, isLittleEndian: true };

/** `e_machine` to the architectures that share it. */
const ARCHES: ReadonlyMap<number, readonly Arch[]> = new Map([
  [3, [['i686', LITTLE_32]]],
  [
    21,
    [
      ['ppc64le', LITTLE_64],
      ['ppc64', BIG_64],
    ],
  ],
  [22, [['s390x', BIG_64]]],
  [40, [['armv7hl', LITTLE_32]]],
  [50, [['ia64', LITTLE_64]]],
  [62, [['x86_64', LITTLE_64]]],
  [183, [['aarch64', LITTLE_64]]],
  [243, [['riscv64', LITTLE_64]]],
  [258, [['loongarch64', LITTLE_64]]],
]);

/**
 * Names the architecture that a module was built for.
 *
 * A 32-bit x86 or ARM module does not tell which of its kind it is for; it gets the name of the
 * distributions' kernel packages.
 *
 * @returns As rpm names it, e.g. `x86_64`; undefined if it is none that has kernel packages.
 * @see elf(5), e_machine; rpm 4.18 rpmrc.in; Linux 6.1 include/uapi/linux/elf-em.h
 */
export function findArch(elf: ElfObject): string | undefined {
  const found = ARCHES.get(elf.machine)?.find(
    ([, form]) => form.is64Bit === elf.is64Bit && form.isLittleEndian === elf.isLittleEndian,
  );
  return found?.[0];
}
