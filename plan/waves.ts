/**
 * Orders kmods so that each comes after those it needs.
 *
 * A cycle cannot be ordered; its members share the wave after everything else they need.
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
    for (const kmod of ready.length > 0 ? ready : rest) waves.set(kmod, wave);
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
