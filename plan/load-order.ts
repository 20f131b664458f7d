/**
 * Orders modules so that each comes after those that must be in the kernel before it.
 *
 * @param needs Module to the modules before it; names that are no key are ignored.
 * @param roots What is wanted; with them comes everything that they need, and nothing else.
 * @returns Each module once. Where modules need each other in a circle (softdep allows it), the one that was
 *   reached first comes last.
 */
export function orderForLoading(
  needs: ReadonlyMap<string, readonly string[]>,
  roots: readonly string[],
): readonly string[] {
  const order = new Set<string>();
  const reached = new Set<string>();
  // A list instead of recursion: hostile modules can need each other in a chain of any length.
  const open: { readonly name: string; readonly rest: string[] }[] = [];
  const reach = (name: string): void => {
    const before = needs.get(name);
    if (before === undefined || reached.has(name)) return;
    reached.add(name);
    open.push({ name, rest: [...before].reverse() });
  };
  for (const root of roots) {
    reach(root);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const next = top.rest.pop();
      if (next !== undefined) reach(next);
      else {
        order.add(top.name);
        open.pop();
      }
    }
  }
  return [...order];
}
