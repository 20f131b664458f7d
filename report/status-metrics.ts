import type { CellStatus, StatusReport, StreamStatus } from '../model/status.ts';

/** One figure of a metric. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A gauge as Prometheus knows it. @see https://prometheus.io/docs/practices/naming/ */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

/**
 * What a status says, for Prometheus. Moments instead of ages: they stay right while nothing is written. The labels
 * are streams, kernels, kmods and states of the configuration and its retention, so there are not more and more.
 */
export function listStatusMetrics(report: StatusReport): readonly Metric[] {
  const { streams, sources, stuck } = report;
  return [
    gauge('rekmod_status_timestamp_seconds', 'When the status was written.', [
      { labels: {}, value: toSeconds(report.generatedAt) },
    ]),
    gauge('rekmod_cells', 'Kmods on kernels, by how they stand.', listCellCounts(report)),
    gauge('rekmod_kernels', 'Kernels that are known, by what is there of them.', [
      ...streams.flatMap(countKernels),
    ]),
    gauge('rekmod_gate_kernels', 'Kernels by what the gate does with them.', [
      ...streams.flatMap(countGates),
    ]),
    gauge(
      'rekmod_kernel_held_since_timestamp_seconds',
      'Since when the gate holds a kernel.',
      streams.flatMap(listHeld),
    ),
    gauge(
      'rekmod_kernel_remaining_seconds',
      'How long the builds of a kernel take, as estimated from measured ones.',
      streams.flatMap(listEstimates),
    ),
    gauge(
      'rekmod_last_look_timestamp_seconds',
      'When a stream was looked at last.',
      streams.flatMap(({ name, lastLook }) =>
        lastLook ? [{ labels: { stream: name }, value: toSeconds(lastLook.at) }] : [],
      ),
    ),
    gauge(
      'rekmod_last_look_ok',
      'Whether the last look at a stream was good (1) or not (0).',
      streams.flatMap(({ name, lastLook }) =>
        lastLook ? [{ labels: { stream: name }, value: lastLook.ok ? 1 : 0 }] : [],
      ),
    ),
    gauge(
      'rekmod_stale',
      'Whether what is known of a stream, or of the sources of kmods (stream ""), is too old (1).',
      [
        ...streams.map(({ name, freshness }) => toFlag(name, freshness?.staleSince !== undefined)),
        ...(sources ? [toFlag('', sources.freshness.staleSince !== undefined)] : []),
      ],
    ),
    gauge(
      'rekmod_quarantine',
      'Whether the last look at a stream is not believed (1).',
      streams.map(({ name, quarantine }) => toFlag(name, quarantine !== undefined)),
    ),
    gauge('rekmod_sources_unreadable', 'Kmods whose source cannot be read.', [
      ...(sources ? [{ labels: {}, value: sources.unreadable.length }] : []),
    ]),
    gauge('rekmod_stuck_workflows', 'Workflows that do not go on.', [
      ...(stuck ? [{ labels: {}, value: stuck.length }] : []),
    ]),
    gauge(
      'rekmod_build_duration_seconds',
      'How long the last published build of a kmod took.',
      listDurations(report.cells),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly MetricSample[]): Metric {
  return { name, help, samples };
}

function toFlag(stream: string, isRaised: boolean): MetricSample {
  return { labels: { stream }, value: isRaised ? 1 : 0 };
}

function toSeconds(iso: string): number {
  return Date.parse(iso) / 1000;
}

function listCellCounts({ streams, cells }: StatusReport): readonly MetricSample[] {
  return streams.flatMap(({ name }) =>
    count(
      cells.filter(({ stream }) => stream === name).map(({ state }) => state),
      name,
    ),
  );
}

function countKernels({ name, kernels }: StreamStatus): readonly MetricSample[] {
  return count(
    kernels.map(({ state, goneSince }) => (goneSince === undefined ? state : 'gone')),
    name,
  );
}

function countGates({ name, kernels }: StreamStatus): readonly MetricSample[] {
  return count(
    kernels.flatMap(({ gate }) => (gate ? [gate.state] : [])),
    name,
  );
}

function count(states: readonly string[], stream: string): readonly MetricSample[] {
  const counts = new Map<string, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, value]) => ({ labels: { stream, state }, value }));
}

function listHeld({ name, kernels }: StreamStatus): readonly MetricSample[] {
  return kernels.flatMap(({ release, gate }) =>
    gate?.state === 'held'
      ? [{ labels: { stream: name, kernel: release }, value: toSeconds(gate.since) }]
      : [],
  );
}

function listEstimates({ name, kernels }: StreamStatus): readonly MetricSample[] {
  return kernels.flatMap(({ release, estimate }) =>
    estimate
      ? [{ labels: { stream: name, kernel: release }, value: estimate.remainingMs / 1000 }]
      : [],
  );
}

function listDurations(cells: readonly CellStatus[]): readonly MetricSample[] {
  const newest = new Map<string, number>();
  for (const { kmod, outcome } of cells) {
    if (outcome?.kind === 'published') newest.set(kmod, outcome.build.durationMs / 1000);
  }
  return [...newest].map(([kmod, value]) => ({ labels: { kmod }, value }));
}
