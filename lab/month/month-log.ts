import type { CellStatus, StatusReport } from '../../model/status.ts';

/** What rekmod said in the course of a month, gathered poll by poll: it need not say it for ever. */
export class MonthLog {
  /** By stream: each thing that was said of a look, once. */
  readonly #messages = new Map<string, Set<string>>();
  /** By stream and `uname -r`. */
  readonly #kernels = new Set<string>();
  /** By stream, `uname -r` and kmod: how it stood when it was seen last. */
  readonly #cells = new Map<string, CellStatus>();

  /** Takes what the status page says. */
  add(report: StatusReport): void {
    for (const { name, lastLook, kernels } of report.streams) {
      if (lastLook) this.hear(name, lastLook.message);
      for (const { release, state } of kernels) {
        if (state === 'known') this.#kernels.add(`${name} ${release}`);
      }
    }
    for (const cell of report.cells) {
      this.#cells.set(`${cell.stream} ${cell.release} ${cell.kmod}`, cell);
    }
  }

  /** Takes what was said of a look. */
  hear(stream: string, message: string): void {
    const said = this.#messages.get(stream) ?? new Set();
    this.#messages.set(stream, said.add(message));
  }

  /** Whether a kernel was ever taken, e.g. `el 5.14.0-601.el9.x86_64`. */
  hasKernel(name: string): boolean {
    return this.#kernels.has(name);
  }

  get kernelCount(): number {
    return this.#kernels.size;
  }

  /** The cells of a kernel, as they were seen last. */
  cellsOf(name: string): readonly CellStatus[] {
    return [...this.#cells].flatMap(([key, cell]) => (key.startsWith(`${name} `) ? [cell] : []));
  }

  /** The last thing that was said in which all texts occur; undefined if there is none. */
  find(stream: string, ...texts: readonly string[]): string | undefined {
    return [...(this.#messages.get(stream) ?? [])].findLast((message) =>
      texts.every((text) => message.includes(text)),
    );
  }
}
