import type { MetricDefinition } from '../../model/metric.ts';

/** Builds end within seconds (a small kmod) or hours (a verbose one under qemu); `limits.buildTimeout` is 30 minutes. */
const BUILD_BUCKETS = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200] as const;

/** What is read anew for each scrape. */
export const GAUGES = {
  info: gauge('rekmod_info', 'Always 1; the version that runs', ['version']),
  kernels: gauge('rekmod_kernels', 'Kernels of a stream by state', ['stream', 'state']),
  cells: gauge('rekmod_cells', 'Kmods times kernels of a stream by state', ['stream', 'state']),
  gateKernels: gauge('rekmod_gate_kernels', 'Kernels of a gated stream by what its gate says', [
    'stream',
    'state',
  ]),
  heldSeconds: gauge(
    'rekmod_gate_held_seconds',
    'How long a kernel has been held; the twenty of a stream that have been held longest',
    ['stream', 'kernel'],
  ),
  lookAge: gauge('rekmod_look_age_seconds', 'Time since the last look at a stream, good or bad', [
    'stream',
  ]),
  lookOk: gauge('rekmod_look_ok', '1 if the last look at a stream succeeded, otherwise 0', [
    'stream',
  ]),
  lastGoodLook: gauge(
    'rekmod_last_good_look_timestamp_seconds',
    'When a stream was looked at last with success; absent before the first',
    ['stream'],
  ),
  staleAfter: gauge(
    'rekmod_stale_after_seconds',
    'Without a good look for so long, what is known of a stream is stale',
    ['stream'],
  ),
  quarantined: gauge(
    'rekmod_stream_quarantined',
    '1 while a look at a stream is not believed, otherwise 0',
    ['stream'],
  ),
  sourcesAge: gauge('rekmod_sources_look_age_seconds', 'Time since the last look at all sources'),
  sourcesStaleAfter: gauge(
    'rekmod_sources_stale_after_seconds',
    'Without a look at the sources for so long, an alarm is due',
  ),
  sourceLastGood: gauge(
    'rekmod_source_last_good_look_timestamp_seconds',
    'When the source of a kmod was read or known to be unchanged last',
    ['kmod'],
  ),
  sourcesUnreadable: gauge('rekmod_sources_unreadable', 'Kmods whose source cannot be read'),
  temporalUp: gauge('rekmod_temporal_up', '1 if Temporal answered the last question, otherwise 0'),
  backlog: gauge('rekmod_task_queue_backlog', 'Tasks that wait for a worker, about', ['queue']),
  running: gauge('rekmod_workflows_running', 'Workflows that run', ['type']),
  stuck: gauge('rekmod_workflows_stuck', 'Workflows that run and do not go on'),
  storeBytes: gauge('rekmod_store_bytes', 'Size of the stored files'),
  storeFiles: gauge('rekmod_store_files', 'Number of the stored files'),
  databaseBytes: gauge(
    'rekmod_temporal_database_bytes',
    "Size of the database of rekmod's own Temporal with its write-ahead log",
  ),
  signerSuccess: gauge(
    'rekmod_signer_last_success_timestamp_seconds',
    'When the signer made its last signature',
  ),
  publisherSuccess: gauge(
    'rekmod_publisher_last_success_timestamp_seconds',
    'When the snapshot that a repository serves was written',
    ['repository'],
  ),
  upkeepEnd: gauge('rekmod_upkeep_last_end_timestamp_seconds', 'When the last upkeep ended'),
  upkeepProblems: gauge('rekmod_upkeep_problems', 'What the last upkeep could not do'),
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** What is counted while rekmod runs; each start begins at 0. */
export const COUNTERS = {
  ends: counter('rekmod_cell_ends_total', 'Ends of work on cells', ['outcome']),
  failures: counter('rekmod_cell_failures_total', 'Cells that failed, by whose fault it was', [
    'class',
  ]),
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** What is measured of each build. */
export const HISTOGRAMS = {
  buildDuration: {
    name: 'rekmod_build_duration_seconds',
    kind: 'histogram',
    help: 'How long builds took; the first two hundred kmods by name, all others as "other"',
    labels: ['kmod', 'result'],
    buckets: BUILD_BUCKETS,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** The key of a gauge. */
export type GaugeName = keyof typeof GAUGES;

/** Every metric of rekmod's own, in the order of the manual. */
export const METRICS: readonly MetricDefinition[] = [
  ...Object.values(GAUGES),
  ...Object.values(COUNTERS),
  ...Object.values(HISTOGRAMS),
];

function gauge(name: string, help: string, labels: readonly string[] = []): MetricDefinition {
  return { name, kind: 'gauge', help, labels };
}

function counter(name: string, help: string, labels: readonly string[]): MetricDefinition {
  return { name, kind: 'counter', help, labels };
}
