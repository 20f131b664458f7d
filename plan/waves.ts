/**
 * Orders kmods so that each comes after those it needs.
 *
 * Cycles must be taken out before; see {@link findCycles}.
 *
 * @param needs Kmod → the kmods it needs; names that are no key are ignored.
 * @returns Kmod → wave, counted from 0.
 */
export function orderWaves(
  needs: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, number> {
  const waves = new Map<string, number>();
  let rest = [...needs.keys()].sort();
  for (let wave = 0; rest.length > 0; wave++) {
    const ready = rest.filter((kmod) => hasOnlyEarlier(needs.get(kmod) ?? [], needs, waves));
    if (ready.length === 0) throw new Error(`BUG: ${rest.join(', ')} cannot be ordered`);
    for (const kmod of ready) waves.set(kmod, wave);
    rest = rest.filter((kmod) => !waves.has(kmod));
  }
  return waves;
}

function hasOnlyEarlier(
  needed: readonly string[],
  needs: ReadonlyMap<string, readonly string[]>,
  waves: ReadonlyMap<string, number>,
): boolean {
  return needed.every((kmod) => !needs.has(kmod) || waves.has(kmod));
}
