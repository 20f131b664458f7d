import { isTolerated, type SeverityRule } from '../kabi/severities.ts';
import { findSubsystem } from '../kabi/subsystem.ts';
import type { ExportChange, ExportedSymbol, KabiDelta, ModuleFacts } from '../model/kabi.ts';
import type { MarkedDelta, SymbolMarks } from '../model/marked-delta.ts';
import type { SymbolUses } from '../model/symbol-uses.ts';

/** What a delta is marked with. */
export interface DeltaMarks {
  readonly stablelist?: ReadonlySet<string> | undefined;
  readonly severities?: readonly SeverityRule[] | undefined;
  /** Keeps only the symbols that these modules import. */
  readonly build?: MarkedBuild | undefined;
}

/** A kmod's build, whose imports a delta is about. */
export interface MarkedBuild {
  readonly modules: readonly ModuleFacts[];
  readonly uses?: SymbolUses | undefined;
}

const SHOWN_MODULES = 4;
const SHOWN_FUNCTIONS = 4;

/** Marks the symbols of a delta with what is known about them; see {@link SymbolMarks}. */
export function markDelta(delta: KabiDelta, marks: DeltaMarks): MarkedDelta {
  const users = marks.build ? indexUsers(marks.build.modules) : undefined;
  const mark = <Change extends ExportedSymbol | ExportChange>(changes: readonly Change[]) =>
    changes
      .filter(({ symbol }) => users?.has(symbol) ?? true)
      .map((change) => ({ ...change, ...markChange(change, marks, users) }));
  return {
    lost: mark(delta.lost),
    added: mark(delta.added),
    crcChanged: mark(delta.crcChanged),
    gplTightened: mark(delta.gplTightened),
    namespaceChanged: mark(delta.namespaceChanged),
    gplRelaxed: mark(delta.gplRelaxed),
    moved: mark(delta.moved),
  };
}

/** Symbol to the modules that import it. */
type Users = ReadonlyMap<string, readonly string[]>;

function indexUsers(modules: readonly ModuleFacts[]): Users {
  const users = new Map<string, string[]>();
  for (const { name, imports, importsWithoutCrc } of modules) {
    for (const symbol of [...imports.map((wanted) => wanted.symbol), ...importsWithoutCrc]) {
      const known = users.get(symbol);
      if (known) known.push(name);
      else users.set(symbol, [name]);
    }
  }
  return users;
}

function markChange(
  change: ExportedSymbol | ExportChange,
  { stablelist, severities = [], build }: DeltaMarks,
  users: Users | undefined,
): SymbolMarks {
  const { symbol } = change;
  // The rules speak of where it was exported before.
  const before = 'before' in change ? change.before : change;
  const subsystem = findSubsystem('after' in change ? change.after.module : change.module);
  const usedBy = users?.get(symbol)?.slice(0, SHOWN_MODULES);
  const functions = listFunctions(symbol, usedBy ?? [], build?.uses);
  return {
    ...(subsystem === undefined ? {} : { subsystem }),
    ...(stablelist ? { isStable: stablelist.has(symbol) } : {}),
    ...(isTolerated(severities, before) ? { isTolerated: true } : {}),
    ...(usedBy ? { usedBy } : {}),
    ...(functions.length > 0 ? { functions } : {}),
  };
}

function listFunctions(
  symbol: string,
  modules: readonly string[],
  uses: SymbolUses | undefined,
): readonly string[] {
  const names = modules.flatMap((module) => uses?.get(module)?.get(symbol) ?? []);
  return [...new Set(names)].slice(0, SHOWN_FUNCTIONS);
}
