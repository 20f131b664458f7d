import { Gauge, Registry } from 'prom-client';
import type { Metric } from '../report/status-metrics.ts';

/** Among the files of the status page; served as `/metrics`. */
export const METRICS_FILE = 'metrics.prom';

/** Writes metrics in Prometheus' text format 0.0.4. */
export async function metricsToText(metrics: readonly Metric[]): Promise<string> {
  const registry = new Registry();
  for (const { name, help, samples } of metrics) {
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
    // What has no labels begins as 0, which nobody has measured.
    if (labelNames.length === 0) gauge.reset();
    if (samples.length === 0) gauge.remove();
    for (const { labels, value } of samples) gauge.set(labels, value);
  }
  return await registry.metrics();
}
