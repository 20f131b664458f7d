import type { Happening, ScriptedKernel } from './month-events.ts';
import { MONTH_KMODS, type MonthStream } from './month-streams.ts';
import type { Draws } from './random.ts';

type Release = Extract<Happening, { kind: 'release' }>;
type Source = Extract<Happening, { kind: 'source' }>;

/** How the next kernel differs from the one before. */
export interface KernelChange {
  /** Kmods whose symbols change. */
  readonly changes?: readonly string[];
  /** A kmod whose newest source does not compile any more. */
  readonly breaks?: string;
  readonly severity?: ScriptedKernel['severity'];
  readonly isPointRelease?: boolean;
}

interface Line {
  readonly kernel: ScriptedKernel;
  readonly minor: number;
}

/** The one who makes kernels and the sources of kmods: remembers what the last ones were. */
export class Vendor {
  readonly #draws: Draws;
  readonly #lines = new Map<string, Line>();
  readonly #sources = new Map(MONTH_KMODS.map(({ name }) => [name, 1]));
  readonly #brokenSince = new Map<string, number>();

  constructor(draws: Draws) {
    this.#draws = draws;
  }

  /** What a stream has when everything begins. */
  begin(stream: MonthStream): readonly Release[] {
    const kmods = kmodsOf(stream.name);
    const none = Object.fromEntries(kmods.map((name) => [name, 0]));
    const oldest = Object.fromEntries(kmods.map((name) => [name, 1]));
    const kernel = {
      stream: stream.name,
      version: fill(stream.version, 0),
      release: fill(stream.release, stream.firstNumber),
      number: stream.firstNumber,
      generations: none,
      oldestSource: oldest,
    };
    this.#lines.set(stream.name, { kernel, minor: 0 });
    const first: Release = { kind: 'release', kernel, lagPolls: 0 };
    const rest = Array.from({ length: stream.firstKernels - 1 }, () => {
      return { kind: 'release', kernel: this.next(stream), lagPolls: 0 } as const;
    });
    return [first, ...rest];
  }

  /** Makes the stream's next kernel. */
  next(stream: MonthStream, change: KernelChange = {}): ScriptedKernel {
    const { changes = [], breaks, severity, isPointRelease = false } = change;
    const line = this.#lines.get(stream.name);
    if (!line) throw new Error(`BUG: ${stream.name} has not begun`);
    const { generations, oldestSource } = line.kernel;
    const minor = line.minor + Number(isPointRelease);
    const next = line.kernel.number + 1 + this.#draws.below(3);
    const kernel: ScriptedKernel = {
      stream: stream.name,
      version: fill(stream.version, minor),
      release: fill(stream.release, next),
      number: next,
      generations: Object.fromEntries(
        Object.entries(generations).map(([kmod, generation]) => [
          kmod,
          generation + Number(changes.includes(kmod) || kmod === breaks),
        ]),
      ),
      oldestSource:
        breaks === undefined
          ? oldestSource
          : { ...oldestSource, [breaks]: this.sourceOf(breaks) + 1 },
      ...(severity === undefined ? {} : { severity }),
    };
    this.#lines.set(stream.name, { kernel, minor });
    return kernel;
  }

  /** The newest version of a kmod's source. */
  sourceOf(kmod: string): number {
    return this.#sources.get(kmod) ?? 1;
  }

  /** Remembers since when a kmod's newest source does not compile everywhere. */
  markBroken(kmod: string, day: number): void {
    this.#brokenSince.set(kmod, day);
  }

  listBroken(): readonly string[] {
    return [...this.#brokenSince.keys()];
  }

  brokenForDays(kmod: string, day: number): number {
    return day - (this.#brokenSince.get(kmod) ?? day);
  }

  /** The author makes the source fit. */
  mend(kmod: string): Source {
    this.#brokenSince.delete(kmod);
    return this.renew(kmod);
  }

  /** The author releases another version. */
  renew(kmod: string): Source {
    const version = this.sourceOf(kmod) + 1;
    this.#sources.set(kmod, version);
    return { kind: 'source', kmod, version };
  }
}

/** The kmods of a stream. */
export function kmodsOf(stream: string): readonly string[] {
  return MONTH_KMODS.filter(({ streams }) => streams.includes(stream)).map(({ name }) => name);
}

function fill(pattern: string, value: number): string {
  return pattern.replace('#', `${value}`);
}
