import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CellEnd } from '../../activities/outcomes.ts';
import { mayRead } from '../../cli/metrics/answer-metrics.ts';
import { openMetrics } from '../../cli/metrics/open-metrics.ts';
import type { CellOutcome } from '../../model/cell.ts';
import type { MetricFacts } from '../../report/metrics/metric-facts.ts';
import { failed, published, sampleStatus } from '../report/sample-status.ts';

const FACTS: MetricFacts = {
  ...{ version: '1.2.3', status: sampleStatus(), sources: {}, publishedAt: {} },
};

function endOf(kmod: string, outcome: CellOutcome): CellEnd {
  const verdict = { kind: 'rebuild', why: 'never-built' } as const;
  return { kmod, stream: 'el9', release: '6.1', arch: 'x86_64', verdict, outcome };
}

/** The value of a series as the text has it. */
function readValue(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

test('openMetrics() counts ends, failures by whose fault they were, and how long builds took', async () => {
  const metrics = openMetrics({ gather: async () => FACTS });
  metrics.countEnd(endOf('jool', published(4000)));
  metrics.countEnd(endOf('jool', { ...failed('no'), attemptLog: 'logs/1' } as CellOutcome));
  metrics.countEnd(endOf('jool', { ...failed('disk full'), trouble: 'disk' } as CellOutcome));
  metrics.countEnd(endOf('jool', { kind: 'kept' }));

  const text = await metrics.read();

  assert.equal(readValue(text, 'rekmod_cell_ends_total{outcome="published"}'), 1);
  assert.equal(readValue(text, 'rekmod_cell_ends_total{outcome="failed"}'), 2);
  assert.equal(readValue(text, 'rekmod_cell_failures_total{class="outcome"}'), 1);
  assert.equal(readValue(text, 'rekmod_cell_failures_total{class="disk"}'), 1);
  const bucket = 'rekmod_build_duration_seconds_bucket{le="5",kmod="jool",result="published"}';
  assert.equal(readValue(text, bucket), 1);
  const count = 'rekmod_build_duration_seconds_count{kmod="jool",result="failed"}';
  assert.equal(readValue(text, count), 1);
});

test('openMetrics() gives kmods beyond the two hundredth one series together', async () => {
  const metrics = openMetrics({ gather: async () => FACTS });
  for (let index = 0; index < 250; index += 1)
    metrics.countEnd(endOf(`kmod-${index}`, published(1000)));

  const text = await metrics.read();

  assert.equal(text.match(/^rekmod_build_duration_seconds_count\{/gm)?.length, 201);
  const others = 'rekmod_build_duration_seconds_count{kmod="other",result="published"}';
  assert.equal(readValue(text, others), 50);
});

test('openMetrics() leaves out what nobody knows, and does without the SDK when it does not answer', async () => {
  const readSdk = () => Promise.reject(new Error('away'));

  const text = await openMetrics({ gather: async () => FACTS, readSdk }).read();

  assert.equal(readValue(text, 'rekmod_info{version="1.2.3"}'), 1);
  assert.equal(readValue(text, 'rekmod_temporal_up'), 0);
  assert.ok(!text.includes('rekmod_store_bytes'));
});

test('openMetrics() asks once for scrapes at the same time, and again after a failure', async () => {
  let asked = 0;
  const metrics = openMetrics({
    gather: async () => {
      asked += 1;
      if (asked === 1) throw new Error('no room');
      return FACTS;
    },
    readSdk: async () => 'temporal_x 1\n',
  });

  await assert.rejects(metrics.read(), /no room/);
  const texts = await Promise.all([metrics.read(), metrics.read()]);

  assert.equal(asked, 2);
  assert.equal(texts[0], texts[1]);
  assert.equal(readValue(texts[0] ?? '', 'temporal_x'), 1);
});

test('mayRead() lets programs of this machine read, unless everyone or nobody may', () => {
  const of = (serve: 'loopback' | 'everyone' | 'nobody', address: string | undefined): boolean =>
    mayRead({ serve, temporal: true }, address);

  for (const near of ['127.0.0.1', '127.8.0.1', '::1', '::ffff:127.0.0.1']) {
    assert.ok(of('loopback', near), near);
    assert.ok(!of('nobody', near), near);
  }
  for (const far of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', '::12', undefined]) {
    assert.ok(!of('loopback', far), far);
    assert.ok(of('everyone', far), far);
  }
});
