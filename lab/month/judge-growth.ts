/** Every {@link Cause}. */
export const CAUSES = ['kernel', 'build', 'look', 'retained'] as const;

/** What growth may go along with. */
export type Cause = (typeof CAUSES)[number];

/** Something that must not grow for ever, how much it may all the same, and why. */
export interface GrowthBound {
  /** A figure of the samples, e.g. `worker memory`. */
  readonly what: string;
  readonly unit: 'MB' | 'KiB' | '';
  /** Increase a simulated day that is noise; what is accepted for a cause comes on top. */
  readonly perDay: number;
  /** By cause: what each one more may leave behind as long as it is retained. */
  readonly per?: Readonly<Partial<Record<Cause, number>>>;
  /** Why that much. */
  readonly because: string;
}

/** Figures of one moment, by what they are of; those of {@link CAUSE_COUNTS} among them. */
export interface GrowthSample {
  readonly day: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** Where samples count the causes: all since the begin, and kernels in retention as many as there are. */
export const CAUSE_COUNTS: Readonly<Record<Cause, string>> = {
  kernel: 'kernels taken',
  build: 'builds ended',
  look: 'looks ended',
  retained: 'kernels in retention',
};

/** What became of one figure. */
export interface Growth {
  readonly bound: GrowthBound;
  readonly first: number;
  readonly middle: number;
  readonly last: number;
  /** Slope of the line through the samples of the second half, by least squares. */
  readonly perDay: number;
  /** What the slope may be, with what the causes of that time explain. */
  readonly accepted: number;
  readonly isTooMuch: boolean;
}

/** Fewer days tell nothing: nothing is old enough to be let go, and a line through two points is chance. */
const DAYS_TO_JUDGE = 8;

/**
 * Judges growth by the second half of the samples: in the first one caches fill, and retention has nothing to
 * let go yet. Of fewer than eight days nothing is held to be too much.
 */
export function judgeGrowth(
  samples: readonly GrowthSample[],
  bounds: readonly GrowthBound[],
): readonly Growth[] {
  const half = samples.slice(Math.floor(samples.length / 2));
  const slopeOf = (what: string): number =>
    fitSlope(half.map(({ day, figures }) => [day, figures[what] ?? 0] as const));
  return bounds.map((bound) => {
    const { what, per = {} } = bound;
    const accepted = CAUSES.reduce(
      (sum, cause) => sum + (per[cause] ?? 0) * Math.max(0, slopeOf(CAUSE_COUNTS[cause])),
      bound.perDay,
    );
    const perDay = slopeOf(what);
    const first = samples[0]?.figures[what] ?? 0;
    const middle = half[0]?.figures[what] ?? 0;
    const last = samples.at(-1)?.figures[what] ?? 0;
    // What comes and goes has a line that rises by chance; what has grown ends higher as well.
    const isHigher = last - middle > accepted * (half.length - 1);
    const isTooMuch = isGrowthJudged(samples) && perDay > accepted && isHigher;
    return { bound, first, middle, last, perDay, accepted, isTooMuch };
  });
}

/** Whether there are days enough to tell. */
export function isGrowthJudged(samples: readonly GrowthSample[]): boolean {
  return samples.length >= DAYS_TO_JUDGE;
}

/** The slope of the line that fits points best; 0 for fewer than two. */
export function fitSlope(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const common = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return spread === 0 ? 0 : common / spread;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
