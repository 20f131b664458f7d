import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KernelGate } from '../../model/status.ts';
import { assembleSamples } from '../../report/metrics/assemble-samples.ts';
import { GAUGES } from '../../report/metrics/metric-definitions.ts';
import type { MetricFacts } from '../../report/metrics/metric-facts.ts';
import { NOW, sampleKernel, sampleStatus, sampleStream } from './sample-status.ts';

const FACTS: MetricFacts = {
  version: '1.2.3',
  status: sampleStatus(),
  sources: {},
  publishedAt: {},
};

/** The values of one gauge by its labels, e.g. `{ 'stream=el9,state=built': 3 }`. */
function valuesOf(metric: keyof typeof GAUGES, facts: MetricFacts): Record<string, number> {
  const own = assembleSamples(facts).filter((sample) => sample.metric === metric);
  return Object.fromEntries(
    own.map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  );
}

/** Kernels that are held, the first since the longest time. */
function withHeld(count: number): MetricFacts {
  const hold = (minute: number): KernelGate => ({
    ...{ state: 'held', reason: 'waits', waitsFor: [] },
    since: new Date(Date.parse(NOW) - minute * 60_000).toISOString(),
  });
  const kernels = Array.from({ length: count }, (_, index) => ({
    ...sampleKernel(`6.1.${index}`, 1),
    gate: hold(count - index),
  }));
  const stream = { stream: sampleStream('el9', 'EL'), kernels };
  return { ...FACTS, status: sampleStatus({ streams: [stream], active: [], records: [] }) };
}

test('assembleSamples() counts kernels and cells of each stream by state, also states that nothing has', () => {
  assert.deepEqual(valuesOf('kernels', FACTS), {
    'centos-stream-9 known': 5,
    'centos-stream-9 waiting-for-devel': 0,
    'opensuse-tumbleweed known': 1,
    'opensuse-tumbleweed waiting-for-devel': 1,
  });
  const cells = valuesOf('cells', FACTS);
  const counted = FACTS.status.cells.filter(
    ({ stream, state }) => stream === 'centos-stream-9' && state === 'failed',
  );
  assert.equal(cells['centos-stream-9 failed'], counted.length);
  assert.equal(cells['centos-stream-9 cancelled'], 0);
  const sum = Object.values(cells).reduce((total, value) => total + value, 0);
  assert.equal(sum, FACTS.status.cells.length);
});

test('assembleSamples() tells how long a kernel is held, of many only those held longest', () => {
  assert.deepEqual(valuesOf('heldSeconds', withHeld(2)), { 'el9 6.1.0': 120, 'el9 6.1.1': 60 });

  const held = valuesOf('heldSeconds', withHeld(50));

  assert.equal(Object.keys(held).length, 20);
  assert.equal(held['el9 6.1.0'], 3000);
  assert.deepEqual(valuesOf('gateKernels', withHeld(50)), {
    'el9 held': 50,
    'el9 released': 0,
    'el9 waived': 0,
    'el9 recalled': 0,
  });
});

test('assembleSamples() tells the age of the last look and whether it was good', () => {
  assert.deepEqual(valuesOf('lookAge', FACTS), {
    'centos-stream-9': 240,
    'opensuse-tumbleweed': 12_000,
  });
  assert.deepEqual(valuesOf('lookOk', FACTS), { 'centos-stream-9': 1, 'opensuse-tumbleweed': 0 });
});

test('assembleSamples() says nothing of what could not be asked, but that Temporal is away', () => {
  const metrics = new Set(assembleSamples(FACTS).map(({ metric }) => metric));

  assert.deepEqual(valuesOf('temporalUp', FACTS), { '': 0 });
  for (const absent of [
    'backlog',
    'running',
    'storeBytes',
    'databaseBytes',
    'signerSuccess',
  ] as const)
    assert.ok(!metrics.has(absent), absent);
});

test('assembleSamples() gives every gauge the labels of its definition and a finite value', () => {
  const full: MetricFacts = {
    ...withHeld(1),
    sources: { jool: NOW },
    temporal: { backlogs: { control: 2 }, running: { rebuildKmod: 1 } },
    store: { count: 2, sizeBytes: 10 },
    ...{ databaseBytes: 4096, signedAt: NOW },
    publishedAt: { kmods: NOW },
    upkeep: { endedAt: NOW, problemCount: 0 },
  };

  for (const { metric, labels, value } of [...assembleSamples(full), ...assembleSamples(FACTS)]) {
    assert.deepEqual(Object.keys(labels), GAUGES[metric].labels, metric);
    assert.ok(Number.isFinite(value), metric);
  }
  assert.deepEqual(valuesOf('publisherSuccess', full), { kmods: Date.parse(NOW) / 1000 });
});

test('assembleSamples() gives at most two hundred kmods a series of their own', () => {
  const sources = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`kmod-${index}`, NOW]),
  );

  assert.equal(Object.keys(valuesOf('sourceLastGood', { ...FACTS, sources })).length, 200);
});
