import type { AliveStamp, SourcesStatus, StreamStatus } from '../model/status.ts';
import { describeAlarms, describeSourceAlarms } from './describe-watch.ts';

/** What a stamp is made from. */
export interface AliveFacts {
  /** ISO 8601 in UTC. */
  readonly now: string;
  /** How long the stamp holds; it is written several times as often. */
  readonly holdsMs: number;
  readonly streams: readonly Pick<StreamStatus, 'name' | 'freshness' | 'quarantine'>[];
  readonly sources: SourcesStatus;
}

/** Assembles the dead-man stamp; moments are whole seconds, which every tool can read. */
export function assembleAlive({ now, holdsMs, streams, sources }: AliveFacts): AliveStamp {
  const looks = [
    ...streams.map(({ freshness }) => freshness?.lastGoodAt),
    sources.freshness.lastGoodAt,
  ];
  const known = looks.filter((look) => look !== undefined).sort();
  const [oldest] = known;
  return {
    schema: 1,
    writtenAt: toSeconds(now),
    nextBy: toSeconds(new Date(Date.parse(now) + holdsMs).toISOString()),
    ...(oldest === undefined || known.length < looks.length
      ? {}
      : { oldestLookAt: toSeconds(oldest) }),
    streams: Object.fromEntries(streams.map(({ name, freshness }) => [name, ageOf(freshness)])),
    sources: ageOf(sources.freshness),
    alarms: [
      ...streams.flatMap((stream) =>
        describeAlarms(stream).map((text) => `${stream.name}: ${text}`),
      ),
      ...describeSourceAlarms(sources).map((text) => `sources: ${text}`),
    ],
  };
}

function ageOf(freshness: StreamStatus['freshness']): AliveStamp['sources'] {
  const { lastGoodAt, staleSince } = freshness ?? {};
  return {
    ...(lastGoodAt === undefined ? {} : { lastGoodAt: toSeconds(lastGoodAt) }),
    ...(staleSince === undefined ? {} : { staleSince: toSeconds(staleSince) }),
  };
}

function toSeconds(moment: string): string {
  return moment.replace(/\.\d+Z$/, 'Z');
}
