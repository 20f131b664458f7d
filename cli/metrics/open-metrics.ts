import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { CellEnd } from '../../activities/outcomes.ts';
import { assembleSamples, type GaugeSample } from '../../report/metrics/assemble-samples.ts';
import { GAUGES, type GaugeName } from '../../report/metrics/metric-definitions.ts';
import type { MetricFacts } from '../../report/metrics/metric-facts.ts';
import { openBuildMetrics } from './build-metrics.ts';

/** Rekmod's metrics. */
export interface Metrics {
  /** In Prometheus' text format 0.0.4, with those of the Temporal SDK where they can be had. */
  read(): Promise<string>;
  /** Counts an end of work on a cell. */
  readonly countEnd: (end: CellEnd) => void;
}

/** What metrics are read from. */
export interface MetricsOptions {
  readonly gather: () => Promise<MetricFacts>;
  /** Reads the metrics of the Temporal SDK as text; nothing is added when absent or when it fails. */
  readonly readSdk?: (() => Promise<string>) | undefined;
}

/** Who scrapes more often gets the same answer; a status of hundreds of kernels costs about a second. */
const FRESH_MS = 5000;

/** Opens a registry with all metrics of {@link GAUGES} and its siblings, and those of the process. */
export function openMetrics({ gather, readSdk }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const countEnd = openBuildMetrics(registry);
  let last: { readonly at: number; readonly text: Promise<string> } | undefined;

  async function write(): Promise<string> {
    const [facts, sdk] = await Promise.all([gather(), readSdk?.().catch(() => '')]);
    const gauges = await writeGauges(assembleSamples(facts));
    return `${gauges}\n${await registry.metrics()}${sdk ?? ''}`;
  }

  return {
    countEnd,
    async read() {
      const now = performance.now();
      if (last === undefined || now - last.at > FRESH_MS) {
        const text = write();
        last = { at: now, text };
        // The next one tries again.
        text.catch(() => {
          last = undefined;
        });
      }
      return await last.text;
    },
  };
}

/** In a registry of their own each time: one that is emptied says 0 of what nobody knows. */
async function writeGauges(samples: readonly GaugeSample[]): Promise<string> {
  const registry = new Registry();
  const gauges = new Map<GaugeName, Gauge>();
  for (const { metric, labels, value } of samples) {
    const gauge = gauges.get(metric) ?? openGauge(metric, registry);
    gauges.set(metric, gauge);
    gauge.set({ ...labels }, value);
  }
  return await registry.metrics();
}

function openGauge(metric: GaugeName, registry: Registry): Gauge {
  const { name, help, labels } = GAUGES[metric];
  return new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
}
