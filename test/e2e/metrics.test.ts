import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { findProgram } from '../../activities/find-program.ts';
import { createFastWorld } from '../../lab/fast/fast-world.ts';
import { removeWorld, type World } from '../../lab/world.ts';
import { METRICS } from '../../report/metrics/metric-definitions.ts';

const promtool = await findProgram('promtool', process.env.PATH ?? '');
const RELEASE = '5.14.0-1.el9.x86_64';
/** A line of Prometheus' text format that is no comment. */
const SERIES =
  /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?<labels>\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*",?)*\})? (?<value>[^ ]+)$/;

/** Reads a scrape; fails on a line that is no series. */
function parseScrape(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const { name, labels = '', value } = SERIES.exec(line)?.groups ?? {};
      assert.ok(name !== undefined && Number.isFinite(Number(value)), line);
      return [`${name}${labels}`, Number(value)];
    }),
  );
}

async function scrape(world: World): Promise<string> {
  const response = await fetch(`${world.serverUrl}/metrics`);
  assert.equal(response.status, 200);
  return await response.text();
}

function assertTaken(text: string): void {
  if (promtool === undefined) return;
  const { stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: text });
  const lines = `${stdout}${stderr}`.split('\n');
  // Names of the SDK and of the process are not ours to choose.
  assert.deepEqual(
    lines.filter((line) => /^rekmod_|error while linting|parsing error/.test(line)),
    [],
  );
}

test('a scrape of a running rekmod tells true numbers, of its own and of the Temporal SDK, and the log is JSON', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-metrics-'));
  const world = await createFastWorld({
    directory,
    kmods: [
      { name: 'fast-good' },
      { name: 'fast-also' },
      { name: 'fast-bad', script: [{ end: 'failed', log: 'a.c:1:1: error: no' }] },
    ],
    kernels: [{ spelling: '5.14.0-1.el9' }],
    environment: { REKMOD_LOG: 'json' },
  });
  try {
    await world.up();
    const { cells } = await world.waitFor(
      'all cells',
      (report) =>
        report.cells.length === 3 &&
        report.cells.every(({ state }) => state === 'built' || state === 'failed'),
      60_000,
    );

    const text = await scrape(world);
    const series = parseScrape(text);

    assertTaken(text);
    for (const state of ['built', 'failed', 'running']) {
      const counted = cells.filter((cell) => cell.state === state).length;
      assert.equal(series.get(`rekmod_cells{stream="fast",state="${state}"}`), counted, state);
    }
    assert.equal(series.get('rekmod_kernels{stream="fast",state="known"}'), 1);
    assert.equal(series.get('rekmod_temporal_up'), 1);
    assert.equal(series.get('rekmod_workflows_running{type="publishRepository"}'), 1);
    assert.equal(series.get('rekmod_task_queue_backlog{queue="sign"}'), 0);
    assert.equal(series.get('rekmod_look_ok{stream="fast"}'), 1);
    assert.equal(series.get('rekmod_cell_ends_total{outcome="published"}'), 2);
    assert.equal(series.get('rekmod_cell_failures_total{class="outcome"}'), 1);
    const durations = [...series.keys()].filter((key) =>
      key.startsWith('rekmod_build_duration_seconds_count'),
    );
    assert.equal(durations.length, 3);
    for (const name of ['rekmod_store_bytes', 'rekmod_temporal_database_bytes'])
      assert.ok((series.get(name) ?? 0) > 1000, name);
    const startedAt = series.get('process_start_time_seconds') ?? Infinity;
    const successes = ['rekmod_signer', 'rekmod_publisher'].map((prefix) =>
      [...series].find(([key]) => key.startsWith(`${prefix}_last_success_timestamp_seconds`)),
    );
    for (const success of successes) assert.ok((success?.[1] ?? 0) >= startedAt - 60);
    const own = new Set(METRICS.map(({ name }) => name));
    const told = [...text.matchAll(/^# TYPE (rekmod_\w+) /gm)].map(([, name = '']) => name);
    assert.deepEqual(
      told.filter((name) => !own.has(name)),
      [],
    );
    const sdk = [...series.keys()].filter((key) => key.startsWith('temporal_'));
    assert.ok(
      sdk.some((key) => key.includes('activity_type="buildKmod"')),
      sdk[0],
    );

    const log = (await readFile(world.upLog, 'utf8')).split('\n').filter((line) => line[0] === '{');
    const ended = log
      .map((line): Record<string, unknown> => JSON.parse(line))
      .filter(({ outcome }) => outcome !== undefined);
    assert.equal(ended.length, 3);
    const bad = ended.find(({ kmod }) => kmod === 'fast-bad');
    assert.equal(bad?.workflowId, `rebuild/fast-bad/fast/${RELEASE}`);
    const { activity, attempt, kernel, outcome } = bad;
    assert.deepEqual([activity, attempt, kernel, outcome], ['recordOutcome', 1, RELEASE, 'failed']);
    assert.match(String(bad.runId), /^[0-9a-f-]{36}$/);
  } finally {
    await world[Symbol.asyncDispose]();
    await removeWorld(directory);
  }
});
