/** Work on items, a bounded number at once. */
export interface WindowedWork<Item> {
  readonly items: readonly Item[];
  /** How many at once; asked anew whenever one has ended. */
  readonly window: () => number;
  readonly work: (item: Item) => Promise<void>;
  /** Whether nothing more is to be begun; asked before each item. */
  readonly isEnough: () => boolean;
}

/**
 * Works on items in their order. What was begun is waited for, unless the work on one fails: that ends all.
 *
 * @returns How many were begun.
 */
export async function workWindowed<Item>(all: WindowedWork<Item>): Promise<number> {
  const rest = all.items.values();
  let begunCount = 0;
  let runningCount = 0;
  await new Promise<void>((resolve, reject) => {
    function fill(): void {
      while (runningCount < all.window() && !all.isEnough()) {
        const next = rest.next();
        if (next.done === true) break;
        begunCount += 1;
        runningCount += 1;
        all.work(next.value).then(end, reject);
      }
      if (runningCount === 0) resolve();
    }
    function end(): void {
      runningCount -= 1;
      fill();
    }
    fill();
  });
  return begunCount;
}
