import { join } from 'node:path';
import { type FastKernel, makeFastKernel } from '../fast/fast-kernel.ts';
import type { KnownKernel } from './expected-builds.ts';
import { flavoursOf, packageNamesOf, releaseOf } from './kernel-releases.ts';
import { evrOf, type MonthEvent, type ScriptedKernel } from './month-events.ts';
import { MONTH_KMODS } from './month-streams.ts';

/** Symbols of a kernel that kmods import: a few each, so that a change concerns one kmod alone. */
const SYMBOLS_A_KMOD = 4;
/** Symbols that are lost one after the other, for each kmod. */
const LOSABLE = 30;
const SYMBOL_COUNT = MONTH_KMODS.length * (SYMBOLS_A_KMOD + LOSABLE);

/** What a version of a kmod's source imports: what all its versions do, and a symbol that kernels may lose. */
export function importsOf(kmod: string, source: number): readonly string[] {
  return ['module_layout', ...lastingSymbols(kmod), losableSymbol(kmod, source)];
}

/** Makes the packages of a kernel in all its flavours. @returns Core and devel of each, as file names. */
export async function makeMonthKernel(
  directory: string,
  kernel: ScriptedKernel,
): Promise<readonly KernelFiles[]> {
  return await Promise.all(
    flavoursOf(kernel.stream).map(async (flavour) => {
      const known = { kernel, flavour };
      const [core, devel] = await makeFastKernel(join(directory, 'Packages'), toFastKernel(known));
      return { known, core, devel };
    }),
  );
}

/** File names of a kernel's packages. */
export interface KernelFiles {
  readonly known: KnownKernel;
  readonly core: string;
  readonly devel: string;
}

/** The kernels of a stream. */
export function kernelsOf(
  events: readonly MonthEvent[],
  stream: string,
): readonly ScriptedKernel[] {
  return events.flatMap((event) =>
    event.kind === 'release' && event.kernel.stream === stream ? [event.kernel] : [],
  );
}

function toFastKernel(known: KnownKernel): FastKernel {
  const { generations, oldestSource } = known.kernel;
  const changed = Object.entries(generations).flatMap(([kmod, generation]) =>
    lastingSymbols(kmod).map((symbol) => [symbol, generation + 1] as const),
  );
  const lost = Object.entries(oldestSource).flatMap(([kmod, oldest]) =>
    Array.from({ length: oldest - 1 }, (_, index) => losableSymbol(kmod, index + 1)),
  );
  return {
    spelling: evrOf(known.kernel),
    release: releaseOf(known),
    names: packageNamesOf(known),
    symbolCount: SYMBOL_COUNT,
    changed: Object.fromEntries(changed),
    lost,
  };
}

function lastingSymbols(kmod: string): readonly string[] {
  return Array.from({ length: SYMBOLS_A_KMOD }, (_, index) => symbolOf(kmod, index));
}

function losableSymbol(kmod: string, source: number): string {
  return symbolOf(kmod, SYMBOLS_A_KMOD + ((source - 1) % LOSABLE));
}

function symbolOf(kmod: string, index: number): string {
  const first = MONTH_KMODS.findIndex(({ name }) => name === kmod) * (SYMBOLS_A_KMOD + LOSABLE);
  return `kapi_${`${first + index}`.padStart(5, '0')}`;
}
