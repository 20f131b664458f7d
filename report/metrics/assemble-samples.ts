import { GATE_STATES } from '../../model/gate.ts';
import type { MetricSample } from '../../model/metric.ts';
import { CELL_STATES, type SourcesStatus, type StreamStatus } from '../../model/status.ts';
import { secondsBetween } from '../format-values.ts';
import type { GaugeName } from './metric-definitions.ts';
import type { MetricFacts, TemporalFacts } from './metric-facts.ts';

/** A value of one of rekmod's gauges. */
export type GaugeSample = MetricSample<GaugeName>;

/** Kernels and kmods that have a series of their own: each costs the database of Prometheus memory for days. */
const MOST_HELD = 20;
const MOST_KMODS = 200;

const KERNEL_STATES = ['known', 'waiting-for-devel'] as const;

/** Makes the values of all gauges; states that nothing has are told as 0, so that alerts see them go. */
export function assembleSamples(facts: MetricFacts): readonly GaugeSample[] {
  const { status, version } = facts;
  const now = status.generatedAt;
  return [
    one('info', 1, { version }),
    ...status.streams.flatMap((stream) => sampleStream(stream, now)),
    ...(status.sources ? sampleSources(status.sources) : []),
    ...Object.entries(facts.sources)
      .slice(0, MOST_KMODS)
      .map(([kmod, at]) => one('sourceLastGood', toSeconds(at), { kmod })),
    ...sampleTemporal(facts.temporal),
    ...(status.stuck === undefined ? [] : [one('stuck', status.stuck.length)]),
    ...sampleFiles(facts),
    ...sampleSuccesses(facts),
  ];
}

function sampleStream(stream: StreamStatus, now: string): readonly GaugeSample[] {
  const { name, kernels, lastLook, freshness } = stream;
  const of = { stream: name };
  const gated = kernels.flatMap(({ release, gate }) => (gate ? [{ release, gate }] : []));
  const held = gated
    .filter(({ gate }) => gate.state === 'held')
    .map(({ release, gate }) => ({ release, seconds: secondsBetween(gate.since, now) }))
    .sort((a, b) => b.seconds - a.seconds);
  return [
    ...KERNEL_STATES.map((state) => {
      const count = kernels.filter((kernel) => kernel.state === state).length;
      return one('kernels', count, { ...of, state });
    }),
    ...CELL_STATES.map((state) => {
      const count = kernels.reduce((sum, { counts }) => sum + counts[state], 0);
      return one('cells', count, { ...of, state });
    }),
    ...(gated.length === 0 ? [] : GATE_STATES).map((state) => {
      const count = gated.filter(({ gate }) => gate.state === state).length;
      return one('gateKernels', count, { ...of, state });
    }),
    ...held
      .slice(0, MOST_HELD)
      .map(({ release, seconds }) => one('heldSeconds', seconds, { ...of, kernel: release })),
    ...(lastLook === undefined
      ? []
      : [one('lookAge', lastLook.ageSeconds, of), one('lookOk', lastLook.ok ? 1 : 0, of)]),
    ...(freshness?.lastGoodAt === undefined
      ? []
      : [one('lastGoodLook', toSeconds(freshness.lastGoodAt), of)]),
    ...(freshness === undefined ? [] : [one('staleAfter', freshness.staleAfterMs / 1000, of)]),
    one('quarantined', stream.quarantine === undefined ? 0 : 1, of),
  ];
}

function sampleSources({ lastLook, freshness, unreadable }: SourcesStatus): readonly GaugeSample[] {
  return [
    ...(lastLook === undefined ? [] : [one('sourcesAge', lastLook.ageSeconds)]),
    one('sourcesStaleAfter', freshness.staleAfterMs / 1000),
    one('sourcesUnreadable', unreadable.length),
  ];
}

function sampleTemporal(temporal: TemporalFacts | undefined): readonly GaugeSample[] {
  if (temporal === undefined) return [one('temporalUp', 0)];
  return [
    one('temporalUp', 1),
    ...Object.entries(temporal.backlogs).map(([queue, count]) => one('backlog', count, { queue })),
    ...Object.entries(temporal.running).map(([type, count]) => one('running', count, { type })),
  ];
}

function sampleFiles({ store, databaseBytes }: MetricFacts): readonly GaugeSample[] {
  return [
    ...(store === undefined
      ? []
      : [one('storeBytes', store.sizeBytes), one('storeFiles', store.count)]),
    ...(databaseBytes === undefined ? [] : [one('databaseBytes', databaseBytes)]),
  ];
}

function sampleSuccesses({ signedAt, publishedAt, upkeep }: MetricFacts): readonly GaugeSample[] {
  return [
    ...(signedAt === undefined ? [] : [one('signerSuccess', toSeconds(signedAt))]),
    ...Object.entries(publishedAt).map(([repository, at]) =>
      one('publisherSuccess', toSeconds(at), { repository }),
    ),
    ...(upkeep === undefined
      ? []
      : [one('upkeepEnd', toSeconds(upkeep.endedAt)), one('upkeepProblems', upkeep.problemCount)]),
  ];
}

function one(
  metric: GaugeName,
  value: number,
  labels: Readonly<Record<string, string>> = {},
): GaugeSample {
  return { metric, labels, value };
}

/** @param moment ISO 8601. */
function toSeconds(moment: string): number {
  return Date.parse(moment) / 1000;
}
