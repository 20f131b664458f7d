import type { ModuleLoad } from '../../model/load-test.ts';
import type { GroupResult } from './try-groups.ts';

/** What the real loader says about a kmod. */
export type LoaderAnswer =
  | {
      readonly kind: 'loads';
      /** Letters of the modules' taints, e.g. `OE`; `F` where CRCs are missing. */
      readonly taint: string;
      /** Modules that the loader took, whose init found no hardware. */
      readonly withoutDevice: readonly string[];
    }
  | {
      readonly kind: 'refuses';
      readonly refusals: readonly Refusal[];
      readonly withoutDevice: readonly string[];
    }
  | { readonly kind: 'crashes' | 'hangs'; readonly detail: string };

/** A module that the loader refused. */
export interface Refusal {
  readonly module: string;
  readonly errno: string;
  /** Symbols that the kernel named, sorted. */
  readonly symbols: readonly string[];
  /** Whether the kernel said more than was recorded. */
  readonly isCut: boolean;
  readonly sentences: readonly string[];
}

/** What a kmod's modules export, which decides whose absence the kernel complains about. */
export interface ExportingModule {
  readonly name: string;
  readonly exports: readonly { readonly symbol: string }[];
}

/** No more of them are in a boot's report, see `plan/read-module-loads.ts`. */
const SENTENCE_LIMIT = 40;
const NAMED_SYMBOL =
  /: (?:no symbol version for (?<none>\S+)|disagrees about version of symbol (?<version>\S+)|Unknown symbol (?<unknown>\S+) \(err -\d+\)|module uses symbol \(?(?<space>[^\s)]+)\)? from namespace .*|exports duplicate symbol (?<twice>\S+) \(owned by .*\))$/;

/**
 * Reads what the kernel did with a kmod's modules.
 *
 * A module whose init says `ENODEV` was taken by the loader, only it does not stay; so others that need
 * its symbols are told that nobody has them. That is the test machine's lack of hardware, no answer about
 * the build: such a module counts as taken if the kernel misses nothing but those symbols.
 *
 * @param modules All modules of the kmods that are tried together.
 * @throws {Error} If the boot told nothing about a module.
 */
export function readLoaderAnswer(
  { load, end }: GroupResult,
  modules: readonly ExportingModule[],
): LoaderAnswer {
  if (end) {
    const detail = 'firstLine' in end ? end.firstLine : end.detail;
    return { kind: end.kind === 'hung' ? 'hangs' : 'crashes', detail };
  }
  const seen: Seen = { absent: new Set(), withoutDevice: [], refusals: [], taints: [] };
  for (const module of load.modules) addModule(seen, module, modules);
  const { refusals, withoutDevice, taints } = seen;
  if (refusals.length > 0) return { kind: 'refuses', refusals, withoutDevice };
  const taint = [...new Set(taints.join(''))].sort().join('');
  return { kind: 'loads', taint, withoutDevice };
}

interface Seen {
  /** Symbols of modules that did not stay for lack of hardware. */
  readonly absent: Set<string>;
  readonly withoutDevice: string[];
  readonly refusals: Refusal[];
  readonly taints: string[];
}

function addModule(
  { absent, withoutDevice, refusals, taints }: Seen,
  { name, load, isUnderTest }: GroupResult['load']['modules'][number],
  modules: readonly ExportingModule[],
): void {
  const refusal = readRefusal(name, load);
  if (lacksDevice(load, refusal, absent)) {
    if (isUnderTest) withoutDevice.push(name);
    for (const symbol of listExports(name, modules)) absent.add(symbol);
  } else if (refusal) {
    refusals.push(refusal);
  } else if (load.kind === 'loaded' && isUnderTest) {
    taints.push(load.taint, load.kernelTaint);
  }
}

/** Whether a module was taken but for hardware: its own, or that of modules whose symbols it misses. */
function lacksDevice(
  load: ModuleLoad,
  refusal: Refusal | undefined,
  absent: ReadonlySet<string>,
): boolean {
  if (load.kind === 'loaded') return load.accepted !== undefined;
  if (!refusal || refusal.symbols.length === 0) return false;
  return refusal.symbols.every((symbol) => absent.has(symbol));
}

function readRefusal(module: string, load: ModuleLoad): Refusal | undefined {
  if (load.kind === 'loaded') return undefined;
  if (load.kind !== 'refused') {
    throw new Error(`Cannot read a boot: expected an answer about ${module}, found ${load.kind}`);
  }
  const { errno, sentences } = load;
  const isCut = sentences.length >= SENTENCE_LIMIT;
  return { module, errno, symbols: listNamedSymbols(sentences), isCut, sentences };
}

/** The symbols that the kernel's sentences name, sorted, each once. */
export function listNamedSymbols(sentences: readonly string[]): readonly string[] {
  const symbols = sentences.flatMap((sentence) => {
    const groups = NAMED_SYMBOL.exec(sentence)?.groups ?? {};
    return Object.values(groups).filter((symbol) => symbol !== undefined);
  });
  return [...new Set(symbols)].sort();
}

function listExports(name: string, modules: readonly ExportingModule[]): readonly string[] {
  return modules
    .filter((module) => module.name === name)
    .flatMap(({ exports }) => exports.map(({ symbol }) => symbol));
}
