import { fastCrc } from './fast-kernel.ts';
import { type MadeSymbol, makeElf, makeVersions } from './make-elf.ts';

/** What a module says of itself. */
export interface ModuleParts {
  readonly name: string;
  /** E.g. `5.14.0-7.el9.x86_64 SMP preempt mod_unload modversions `. */
  readonly vermagic: string;
  /** Symbol and CRC. */
  readonly imports: readonly (readonly [symbol: string, crc: number])[];
  readonly exports: readonly string[];
  /** Decides the CRCs of its exports. */
  readonly version: string;
  readonly paddingBytes: number;
}

const BYTE_ORDER = { is64Bit: true, isLittleEndian: true } as const;

/** Makes a `.ko` that no compiler saw: whatever reads modules finds in it what modpost and gcc write. */
export function makeLoadableModule(parts: ModuleParts): Uint8Array {
  const { name, vermagic, imports, exports, version, paddingBytes } = parts;
  const info = [`version=${version}`, 'license=GPL', `name=${name}`, `vermagic=${vermagic}`, ''];
  const undefinedSymbols = imports
    .filter(([symbol]) => symbol !== 'module_layout')
    .map(([symbol]): MadeSymbol => ({ name: symbol, section: 'undefined' }));
  return makeElf({
    ...BYTE_ORDER,
    sections: [
      { name: '.text', bytes: new Uint8Array(16 + paddingBytes) },
      { name: '.modinfo', bytes: Buffer.from(info.join('\0')) },
      { name: '__versions', bytes: makeVersions(imports, BYTE_ORDER) },
      { name: '__ksymtab', bytes: new Uint8Array(12 * exports.length) },
    ],
    symbols: [...undefinedSymbols, ...exports.flatMap((symbol) => exportSymbol(symbol, version))],
  });
}

function exportSymbol(symbol: string, version: string): readonly MadeSymbol[] {
  const crc = fastCrc(`${symbol} of ${version}`);
  return [
    { name: `__ksymtab_${symbol}`, section: '__ksymtab' },
    { name: `__crc_${symbol}`, section: 'absolute', value: crc },
  ];
}
