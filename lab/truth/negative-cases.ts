import type { BuiltModule } from './builds.ts';
import type { TruthKernel } from './kernels.ts';
import { dropImportCrc, renameSymbol, setExportCrc, setImportCrc, setModinfo } from './tamper.ts';

/** A module of a real build that was made wrong in one way. */
export interface NegativeCase {
  readonly name: string;
  /** The kmod whose only module is changed. */
  readonly kmod: string;
  /** A kmod that is tried with it, after it, and that the answer is about. */
  readonly user?: string;
  /**
   * What the kernel's loader must do about it, by its source; else the case shows nothing. Absent where
   * kernels differ: with one CRC missing, old ones warn and go on, newer ones refuse.
   */
  readonly loader?: 'loads' | 'refuses';
  readonly make: (bytes: Uint8Array, module: BuiltModule, kernel: TruthKernel) => Uint8Array;
  /** Whether all of `__versions` goes, which objcopy does. */
  readonly dropsVersions?: true;
}

const LAYOUT = 'module_layout';
const ABSENT = 'zz_absent';

/**
 * The cases, each against the kernel that its module was built for.
 *
 * @see Linux 6.1 kernel/module/version.c, check_version(); kernel/module/main.c, resolve_symbol(),
 *   simplify_symbols(), verify_exported_symbols(), check_modinfo()
 */
export const NEGATIVE_CASES: readonly NegativeCase[] = [
  {
    name: 'one wrong CRC',
    kmod: 'acpi-call',
    loader: 'refuses',
    make: (bytes, { facts }) => {
      const { symbol, crc } = requireFound(facts.imports.find((entry) => entry.symbol !== LAYOUT));
      return setImportCrc(bytes, symbol, flip(crc));
    },
  },
  {
    name: 'wrong CRC of module_layout',
    kmod: 'acpi-call',
    loader: 'refuses',
    make: (bytes) => setImportCrc(bytes, LAYOUT, 1),
  },
  {
    name: 'no __versions at all',
    kmod: 'acpi-call',
    loader: 'loads',
    make: (bytes) => bytes,
    dropsVersions: true,
  },
  {
    name: 'one import without CRC',
    kmod: 'acpi-call',
    make: (bytes, { facts }) => {
      const { symbol } = requireFound(facts.imports.find((entry) => entry.symbol !== LAYOUT));
      return dropImportCrc(bytes, symbol, LAYOUT);
    },
  },
  {
    name: 'missing symbol',
    kmod: 'acpi-call',
    loader: 'refuses',
    make: (bytes, { facts }) => {
      const { symbol } = requireFound(
        facts.imports.find((entry) => entry.symbol !== LAYOUT && entry.symbol.length > 9),
      );
      return renameSymbol(bytes, symbol, ABSENT.padEnd(symbol.length, '_'));
    },
  },
  {
    name: 'GPL-only symbol, proprietary licence',
    kmod: 'made_gpl',
    loader: 'refuses',
    make: (bytes) => setModinfo(bytes, 'license=GPL\0', 'license=XXX\0'),
  },
  {
    name: 'proprietary licence, no GPL-only symbol',
    kmod: 'made_weak',
    loader: 'loads',
    make: (bytes) => setModinfo(bytes, 'license=GPL\0', 'license=XXX\0'),
  },
  {
    name: 'namespace not imported',
    kmod: 'made_namespace',
    loader: 'refuses',
    make: (bytes) => setModinfo(bytes, 'import_ns=DMA_BUF', 'import_ns=DMA_BUX'),
  },
  {
    name: 'weak import missing',
    kmod: 'made_weak',
    loader: 'loads',
    make: (bytes) => renameSymbol(bytes, 'capable', 'capablX'),
  },
  {
    name: 'weak import, wrong CRC',
    kmod: 'made_weak',
    loader: 'refuses',
    make: (bytes, { facts }) =>
      setImportCrc(bytes, 'capable', flip(crcOf(facts.imports, 'capable'))),
  },
  {
    name: 'other release in vermagic',
    kmod: 'acpi-call',
    loader: 'loads',
    make: (bytes, { facts }) => setModinfo(bytes, `vermagic=${facts.vermagic[0]}`, 'vermagic=9'),
  },
  {
    name: 'other flags in vermagic',
    kmod: 'acpi-call',
    loader: 'refuses',
    make: (bytes) => setModinfo(bytes, ' mod_unload ', ' mod_upload '),
  },
  {
    name: 'exports a symbol of vmlinux',
    kmod: 'made_provider',
    loader: 'refuses',
    make: (bytes, _, kernel) => renameSymbol(bytes, PROVIDED, requireTwin(kernel)),
  },
  {
    name: 'provider with another CRC',
    kmod: 'made_provider',
    user: 'made_user',
    loader: 'refuses',
    make: (bytes, { facts }) => setExportCrc(bytes, PROVIDED, flip(crcOf(facts.exports, PROVIDED))),
  },
];

const PROVIDED = 'made_provide_value';

function flip(crc: number): number {
  return (crc ^ 1) >>> 0;
}

function crcOf(
  symbols: readonly { readonly symbol: string; readonly crc: number }[],
  wanted: string,
): number {
  return requireFound(symbols.find(({ symbol }) => symbol === wanted)).crc;
}

/** An export of vmlinux whose name is as long as that of our own. */
function requireTwin({ symvers }: TruthKernel): string {
  for (const { symbol, module } of symvers.values()) {
    if (module === 'vmlinux' && symbol.length === PROVIDED.length) return symbol;
  }
  throw new Error(`BUG: vmlinux exports nothing of ${PROVIDED.length} characters`);
}

function requireFound<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('BUG: the module has nothing to tamper with');
  return found;
}
