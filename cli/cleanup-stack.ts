/**
 * What was started, to be ended in reverse order. (Node 20 has no `AsyncDisposableStack` yet.)
 *
 * Every entry is tried, whatever the others do; the first error is thrown at the end.
 */
export class CleanupStack {
  readonly #entries: (() => unknown)[] = [];

  /** Adds how to end something that was just started. */
  defer(end: () => unknown): void {
    this.#entries.push(end);
  }

  /** Ends everything once; a second call finds nothing left to do. */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (let end = this.#entries.pop(); end; end = this.#entries.pop()) {
      try {
        await end();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
