import type { StatusReport } from '../../model/status.ts';

/** Everything that gauges are made from; what is absent could not be asked, and is not told. */
export interface MetricFacts {
  readonly version: string;
  readonly status: StatusReport;
  /** By kmod: when its source was read last, ISO 8601 in UTC. */
  readonly sources: Readonly<Record<string, string>>;
  /** Absent while Temporal does not answer. */
  readonly temporal?: TemporalFacts;
  readonly store?: FileSizes;
  /** Absent where Temporal is not rekmod's own. */
  readonly databaseBytes?: number;
  /** ISO 8601 in UTC, as all moments here. */
  readonly signedAt?: string;
  /** By repository. */
  readonly publishedAt: Readonly<Record<string, string>>;
  readonly upkeep?: { readonly endedAt: string; readonly problemCount: number };
}

/** What Temporal says of the work that waits. */
export interface TemporalFacts {
  /** By task queue. */
  readonly backlogs: Readonly<Record<string, number>>;
  /** By type of workflow. */
  readonly running: Readonly<Record<string, number>>;
}

/** Files together. */
export interface FileSizes {
  readonly count: number;
  readonly sizeBytes: number;
}
