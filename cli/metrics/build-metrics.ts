import { Counter, Histogram, type Registry } from 'prom-client';
import type { CellEnd } from '../../activities/outcomes.ts';
import type { MetricDefinition } from '../../model/metric.ts';
import { COUNTERS, HISTOGRAMS } from '../../report/metrics/metric-definitions.ts';

/** So many kmods have a series of their own for each bucket and result. */
const MOST_KMODS = 200;
const OTHERS = 'other';

/** Counts what ends, for {@link COUNTERS} and {@link HISTOGRAMS}. */
export function openBuildMetrics(registry: Registry): (end: CellEnd) => void {
  const ends = new Counter({ ...toOptions(COUNTERS.ends), registers: [registry] });
  const failures = new Counter({ ...toOptions(COUNTERS.failures), registers: [registry] });
  const { buckets } = HISTOGRAMS.buildDuration;
  const durations = new Histogram({
    ...{ ...toOptions(HISTOGRAMS.buildDuration), buckets: [...buckets] },
    registers: [registry],
  });
  const named = new Set<string>();

  function nameOf(kmod: string): string {
    if (named.size < MOST_KMODS) named.add(kmod);
    return named.has(kmod) ? kmod : OTHERS;
  }

  return ({ kmod, outcome }) => {
    ends.inc({ outcome: outcome.kind });
    if (outcome.kind === 'failed') failures.inc({ class: outcome.trouble ?? 'outcome' });
    const durationMs = findDuration(outcome);
    if (durationMs === undefined) return;
    durations.observe({ kmod: nameOf(kmod), result: outcome.kind }, durationMs / 1000);
  };
}

/** Of work that had no build, e.g. because its source could not be read, nothing is measured. */
function findDuration(outcome: CellEnd['outcome']): number | undefined {
  if (outcome.kind === 'published') return outcome.build.durationMs;
  const isBuilt = outcome.kind === 'failed' && outcome.attemptLog !== undefined;
  return isBuilt ? outcome.durationMs : undefined;
}

function toOptions({ name, help, labels }: MetricDefinition) {
  return { name, help, labelNames: [...labels] };
}
