import assert from 'node:assert/strict';
import test from 'node:test';
import { findArch } from '../../kabi/arch.ts';
import { parseElf } from '../../kabi/elf.ts';
import { makeElf } from '../../lab/fast/make-elf.ts';

const LITTLE = true;
const BIG = false;
// The numbers are those of elf-em.h.
const CASES: readonly [machine: number, bits: number, order: boolean, arch: string | undefined][] =
  [
    [62, 64, LITTLE, 'x86_64'],
    [62, 32, LITTLE, undefined],
    [183, 64, LITTLE, 'aarch64'],
    [183, 64, BIG, undefined],
    [21, 64, LITTLE, 'ppc64le'],
    [21, 64, BIG, 'ppc64'],
    [22, 64, BIG, 's390x'],
    [243, 64, LITTLE, 'riscv64'],
    [243, 32, LITTLE, undefined],
    [3, 32, LITTLE, 'i686'],
    [40, 32, LITTLE, 'armv7hl'],
    [40, 32, BIG, undefined],
    [247, 64, LITTLE, undefined],
  ];
for (const [machine, bits, isLittleEndian, arch] of CASES) {
  const order = isLittleEndian ? 'little' : 'big';
  test(`findArch() takes machine ${machine}, ${bits} bit ${order} endian, for ${arch}`, () => {
    const is64Bit = bits === 64;

    const elf = parseElf(makeElf({ is64Bit, isLittleEndian, machine, sections: [], symbols: [] }));

    assert.equal(findArch(elf), arch);
  });
}
