import type { Kernel } from '../model/kernel.ts';
import type { Settings, Stream } from '../model/settings.ts';
import type { SourcesRecord } from '../model/source-watch.ts';
import type { AliveStamp, SourcesStatus } from '../model/status.ts';
import { judgeFreshness } from '../plan/judge-freshness.ts';
import { assembleAlive } from '../report/assemble-alive.ts';
import type { KnownKernel, StreamFacts } from '../report/assemble-status.ts';
import { secondsBetween } from '../report/format-values.ts';
import { formatEvr } from '../rpm/evr.ts';
import type { Records } from './records.ts';
import type { StreamRecord } from './stream-record.ts';

/**
 * Says how the watch of a stream stands.
 *
 * @param now ISO 8601 in UTC.
 */
export function describeWatch(
  { staleAfterMs }: Stream,
  record: StreamRecord | undefined,
  now: string,
): Pick<StreamFacts, 'lastLook' | 'freshness' | 'quarantine' | 'acceptance'> {
  if (!record) return { freshness: judgeFreshness({ now, staleAfterMs }) };
  const { lastGoodAt, failingSince, quarantine, acceptance } = record;
  return {
    lastLook: { at: record.lookedAt, ok: record.isOk, message: record.message },
    freshness: judgeFreshness({ now, lastGoodAt, failingSince, staleAfterMs }),
    ...(quarantine === undefined
      ? {}
      : {
          quarantine: {
            kind: quarantine.kind,
            sentence: quarantine.sentence,
            since: quarantine.since,
            evidence: quarantine.evidence,
            lost: quarantine.lost.map(({ evr }) => formatEvr(evr)),
          },
        }),
    ...(acceptance === undefined ? {} : { acceptance }),
  };
}

/** Gathers the dead-man stamp: a few small files are read, whatever is built. */
export async function gatherAlive({
  settings,
  records,
  now,
  holdsMs,
}: {
  readonly settings: Settings;
  readonly records: Pick<Records, 'readStream' | 'readSources'>;
  readonly now: () => Date;
  readonly holdsMs: number;
}): Promise<AliveStamp> {
  const moment = now().toISOString();
  const streams = await Promise.all(
    settings.streams.map(async (stream) => {
      const record = await records.readStream(stream.name);
      return { name: stream.name, ...describeWatch(stream, record, moment) };
    }),
  );
  const sources = describeSources(settings, await records.readSources(), moment);
  return assembleAlive({ now: moment, holdsMs, streams, sources });
}

/** Kernels that the stream offers and that cannot be taken yet, as `version-release`. */
export function listWaiting(record: StreamRecord | undefined): readonly KnownKernel[] {
  if (!record) return [];
  const { lookedAt, waitingForDevel, waitingSince = {}, notStored = {} } = record;
  const state = 'waiting-for-devel';
  return [
    ...waitingForDevel.map((release): KnownKernel => {
      return { release, foundAt: waitingSince[release] ?? lookedAt, state };
    }),
    ...Object.entries(notStored).map(([release, trouble]): KnownKernel => {
      return { release, foundAt: lookedAt, state, trouble };
    }),
  ];
}

/** Says whether upstream still offers a kernel. */
export function describeOffer(
  { release }: Pick<Kernel, 'release'>,
  record: StreamRecord | undefined,
): Pick<KnownKernel, 'goneSince' | 'isWithdrawn'> {
  const goneSince = record?.goneSince?.[release];
  if (goneSince === undefined) return {};
  return record?.withdrawn?.includes(release) ? { goneSince, isWithdrawn: true } : { goneSince };
}

/** Says how the watch of the kmods' sources stands. @param now ISO 8601 in UTC. */
export function describeSources(
  { sources: { pollIntervalMs, staleAfterMs } }: Settings,
  record: SourcesRecord | undefined,
  now: string,
): SourcesStatus {
  if (!record) {
    return { pollIntervalMs, freshness: judgeFreshness({ now, staleAfterMs }), unreadable: [] };
  }
  const { lookedAt: at, message } = record;
  const unreadable = Object.entries(record.kmods).flatMap(([kmod, { reason, lookedAt }]) =>
    reason === undefined ? [] : [{ kmod, reason, lastGoodAt: lookedAt }],
  );
  return {
    lastLook: { at, ok: unreadable.length === 0, message, ageSeconds: secondsBetween(at, now) },
    pollIntervalMs,
    freshness: judgeFreshness({ now, lastGoodAt: at, staleAfterMs }),
    unreadable,
  };
}
