import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { findProgram } from '../../activities/find-program.ts';
import { METRICS } from '../../report/metrics/metric-definitions.ts';
import { metricsToMarkdown } from '../../report/metrics/metrics-markdown.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string): Promise<string> => readFile(at(path), 'utf8');

const RULES = 'packaging/prometheus/rekmod.rules.yaml';
const RULE_TESTS = 'packaging/prometheus/rekmod.rules.test.yaml';
const promtool = await findProgram('promtool', process.env.PATH ?? '');
const skip = promtool === undefined && 'no promtool here (package prometheus)';

/** Metrics of others that dashboard and rules may use: of the SDK, of the process, of Prometheus itself. */
const OTHERS = new Set([
  'temporal_activity_execution_failed_total',
  'process_resident_memory_bytes',
  'up',
]);

/** The names in an expression that are neither functions, labels, strings nor keywords. */
function namesOf(expression: string): readonly string[] {
  const bare = expression
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\b(?:by|on|without|ignoring)\s*\([^)]*\)/g, '')
    .replace(/\[[^\]]*\]/g, '');
  const words = bare.match(/[a-z_][a-z0-9_]*(?!\w)(?!\s*\()/gi) ?? [];
  return words.filter((word) => !['and', 'or', 'unless', 'sum', 'topk'].includes(word));
}

async function listExpressions(): Promise<readonly (readonly [where: string, text: string])[]> {
  const rules: { groups: { rules: { alert: string; expr: string }[] }[] } = parse(
    await read(RULES),
  );
  const dashboard: { panels: { title: string; targets: { expr: string }[] }[] } = JSON.parse(
    await read('packaging/grafana/rekmod.json'),
  );
  return [
    ...rules.groups
      .flatMap((group) => group.rules)
      .map(({ alert, expr }) => [alert, expr] as const),
    ...dashboard.panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => [title, expr] as const),
    ),
  ];
}

test('METRICS have names, units and help as the conventions of Prometheus want them', () => {
  const names = METRICS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, kind, help, labels } of METRICS) {
    assert.match(name, /^rekmod_[a-z][a-z0-9_]*[a-z0-9]$/);
    assert.equal(name.endsWith('_total'), kind === 'counter', name);
    assert.doesNotMatch(name, /milli|_ms\b|minutes|hours|kilobytes|mib/, name);
    assert.match(help, /^[A-Z0-9].*[^.]$/, name);
    for (const label of labels) assert.match(label, /^[a-z]+$/);
  }
});

test('metrics.md has the table of all metrics', async () => {
  const manual = await read('docs/metrics.md');

  assert.ok(manual.includes(metricsToMarkdown(METRICS)), metricsToMarkdown(METRICS));
});

test('metrics.md names every alert', async () => {
  const manual = await read('docs/metrics.md');
  const rules = await read(RULES);

  for (const [, alert = ''] of rules.matchAll(/alert: (\w+)/g)) {
    assert.ok(manual.includes(`\`${alert}\``), alert);
  }
});

test('alert rules and dashboard use only metrics that there are', async () => {
  const known = new Set([
    ...METRICS.map(({ name }) => name),
    ...METRICS.filter(({ kind }) => kind === 'histogram').map(({ name }) => `${name}_bucket`),
    ...OTHERS,
  ]);
  const expressions = await listExpressions();

  assert.ok(expressions.length >= 30);
  for (const [where, expression] of expressions) {
    const names = namesOf(expression);
    assert.ok(names.length > 0, where);
    for (const name of names) assert.ok(known.has(name), `${where}: ${name}`);
  }
});

test('promtool takes the alert rules, and they say what their tests say', { skip }, async () => {
  const run = promisify(execFile);

  await run(promtool ?? '', ['check', 'rules', at(RULES)]);
  const { stdout } = await run(promtool ?? '', ['test', 'rules', at(RULE_TESTS)]);

  assert.match(stdout, /SUCCESS/);
});
