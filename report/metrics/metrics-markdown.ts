import type { MetricDefinition } from '../../model/metric.ts';

/** Writes metrics as a Markdown table, as `docs/metrics.md` has it. */
export function metricsToMarkdown(metrics: readonly MetricDefinition[]): string {
  const rows = metrics.map(({ name, kind, labels, help }) => {
    const listed = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${kind} | ${listed} | ${help} |`;
  });
  return ['| metric | kind | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
