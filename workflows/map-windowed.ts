/**
 * Runs work over items, a bounded number at once, in order of the items.
 *
 * @returns The results in the order of the items.
 */
export async function mapWindowed<Item, Result>(
  items: readonly Item[],
  window: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<number, Result>();
  const rest = items.entries();
  async function serve(): Promise<void> {
    for (const [index, item] of rest) results.set(index, await work(item));
  }
  await Promise.all(Array.from({ length: Math.min(window, items.length) }, serve));
  return [...results.entries()].sort(([a], [b]) => a - b).map(([, result]) => result);
}
