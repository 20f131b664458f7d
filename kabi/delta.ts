import type { ExportChange, ExportedSymbol, KabiDelta, Symvers } from '../model/kabi.ts';

/**
 * Compares the exports of two kernels.
 *
 * A symbol can stand in several of the lists: a new CRC and a new module are two changes. A CRC of
 * 0 differs from every other, since it says nothing about the type.
 *
 * @returns Each list sorted by symbol name (by code unit, the same on every machine).
 */
export function diffSymvers(before: Symvers, after: Symvers): KabiDelta {
  const lost: ExportedSymbol[] = [];
  const kept: ExportChange[] = [];
  for (const [symbol, old] of before) {
    const now = after.get(symbol);
    if (now === undefined) lost.push(old);
    else if (now !== old) kept.push({ symbol, before: old, after: now });
  }
  const added: ExportedSymbol[] = [];
  for (const [symbol, now] of after) if (!before.has(symbol)) added.push(now);
  return {
    lost: lost.sort(bySymbol),
    added: added.sort(bySymbol),
    crcChanged: pick(kept, (one, other) => one.crc !== other.crc),
    gplTightened: pick(kept, (one, other) => !isGplOnly(one) && isGplOnly(other)),
    namespaceChanged: pick(kept, (one, other) => one.namespace !== other.namespace),
    gplRelaxed: pick(kept, (one, other) => isGplOnly(one) && !isGplOnly(other)),
    moved: pick(kept, (one, other) => one.module !== other.module),
  };
}

function pick(
  changes: readonly ExportChange[],
  differs: (before: ExportedSymbol, after: ExportedSymbol) => boolean,
): readonly ExportChange[] {
  return changes.filter((change) => differs(change.before, change.after)).sort(bySymbol);
}

function isGplOnly({ exportType }: ExportedSymbol): boolean {
  return exportType === 'EXPORT_SYMBOL_GPL';
}

function bySymbol(one: { readonly symbol: string }, other: { readonly symbol: string }): number {
  if (one.symbol === other.symbol) return 0;
  return one.symbol < other.symbol ? -1 : 1;
}
