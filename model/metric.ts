/** What a metric is: its name, how it is read, and by what it is taken apart. */
export interface MetricDefinition {
  /** With its unit, e.g. `rekmod_store_bytes`; counters end with `_total`. */
  readonly name: string;
  readonly kind: 'gauge' | 'counter' | 'histogram';
  /** One sentence without a period, shown by Prometheus as `HELP`. */
  readonly help: string;
  /** E.g. `['stream', 'state']`. */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in the metric's unit. */
  readonly buckets?: readonly number[];
}

/** One value of a gauge at one moment, e.g. `{ metric: 'kernels', labels: { stream: 'el9', state: 'known' }, value: 7 }`. */
export interface MetricSample<Name extends string = string> {
  /** The key of its definition. */
  readonly metric: Name;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
