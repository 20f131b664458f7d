/**
 * Does something now and then again and again, never twice at once.
 *
 * @param work What goes wrong in it is its own to tell; it is tried again the next time.
 * @returns A function that ends it, and waits for what is being done.
 */
export function fromTimeToTime(work: () => Promise<void>, intervalMs: number): () => Promise<void> {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let doing: Promise<void> = Promise.resolve();
  const turn = (): void => {
    doing = work()
      .catch(() => undefined)
      .then(() => {
        if (!isStopped) timer = setTimeout(turn, intervalMs);
      });
  };
  turn();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await doing;
  };
}
