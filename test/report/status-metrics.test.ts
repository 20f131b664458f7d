import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { metricsToText } from '../../cli/metrics-text.ts';
import { listStatusMetrics } from '../../report/status-metrics.ts';
import { NOW, sampleKernel, sampleStatus, sampleStream } from './sample-status.ts';

const METRIC = /\brekmod_[a-z_]+\b/g;
const names = listStatusMetrics(sampleStatus()).map(({ name }) => name);

async function readText(path: string): Promise<string> {
  return await readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
}

test('listStatusMetrics() counts every cell once', () => {
  const report = sampleStatus();
  const cells = listStatusMetrics(report).find(({ name }) => name === 'rekmod_cells');
  const sum = cells?.samples.reduce((total, { value }) => total + value, 0);
  assert.equal(sum, report.cells.length);
});

test('metricsToText() writes what Prometheus reads, whatever names hold', async () => {
  const evil = 'a"b\\c\nforged_metric 1';
  const gate = { state: 'held', reason: evil, since: NOW, waitsFor: [] } as const;
  const kernels = [{ ...sampleKernel('5.14.0-1', 1), gate }];
  const report = sampleStatus({ streams: [{ stream: sampleStream(evil, evil), kernels }] });
  const text = await metricsToText(listStatusMetrics(report));

  assert.ok(text.includes(`rekmod_status_timestamp_seconds ${Date.parse(NOW) / 1000}`));
  const held = `rekmod_kernel_held_since_timestamp_seconds{stream="a\\"b\\\\c\\nforged_metric 1",kernel="5.14.0-1"}`;
  assert.ok(text.includes(`${held} ${Date.parse(NOW) / 1000}`));
  for (const line of text.split('\n')) {
    assert.match(line, /^(?:#.*|rekmod_[a-z_]+(?:\{.*\})? -?[0-9.e+]+|)$/);
  }
});

test('metricsToText() tells nothing of what nobody has measured', async () => {
  const text = await metricsToText([{ name: 'rekmod_x', help: 'X.', samples: [] }]);
  assert.doesNotMatch(text, /^rekmod_x/m);
});

test('alert rules ask for metrics that there are', async () => {
  const rules = await readText('packaging/prometheus/rekmod.rules.yaml');
  const asked = [...rules.matchAll(/expr: (.*)/g)].flatMap(
    ([, text = '']) => text.match(METRIC) ?? [],
  );
  assert.ok(asked.length > 5);
  assert.deepEqual(
    asked.filter((name) => !names.includes(name)),
    [],
  );
});

test('docs/metrics.md tells every metric as it is', async () => {
  const page = await readText('docs/metrics.md');
  for (const { name, help } of listStatusMetrics(sampleStatus())) {
    assert.ok(page.includes(`| \`${name}\` | ${help} |`), `| \`${name}\` | ${help} |`);
  }
  const told = [...page.matchAll(/^\| `(rekmod_[a-z_]+)`/gm)].map(([, name]) => name);
  assert.deepEqual(told, names);
});
