import { join } from 'node:path';
import type { Settings } from '../../model/settings.ts';
import type { StatusReport } from '../../model/status.ts';
import type { FileSizes, MetricFacts, TemporalFacts } from '../../report/metrics/metric-facts.ts';
import type { DataDirectory } from '../data-directory.ts';
import type { Records } from '../records.ts';
import { pathOfSnapshot, readCurrentSnapshot } from '../snapshot/snapshot-place.ts';
import { readSnapshotRecord } from '../snapshot/snapshot-records.ts';
import { readUpkeepReport } from '../upkeep/upkeep.ts';
import { findLastSignature } from './last-signature.ts';

/** What the facts of metrics are gathered from. */
export interface MetricSources {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly records: Pick<Records, 'readSources'>;
  readonly version: string;
  readonly status: StatusReport;
  readonly temporal?: TemporalFacts | undefined;
  readonly store?: FileSizes | undefined;
  readonly databaseBytes?: number | undefined;
}

/** Gathers what metrics tell, from small files; what is costly to find is given. */
export async function gatherMetricFacts(sources: MetricSources): Promise<MetricFacts> {
  const { settings, data, records, version, status, temporal, store, databaseBytes } = sources;
  const watched = await records.readSources();
  const configured = new Set(settings.kmods.map(({ name }) => name));
  const signedAt = await findLastSignature(join(data.signing, 'signatures.jsonl'));
  const report = await readUpkeepReport(data);
  return {
    ...{ version, status },
    sources: Object.fromEntries(
      Object.entries(watched?.kmods ?? {})
        .filter(([kmod]) => configured.has(kmod))
        .map(([kmod, { lookedAt }]) => [kmod, lookedAt]),
    ),
    publishedAt: await readPublications(settings, data),
    ...(temporal === undefined ? {} : { temporal }),
    ...(store === undefined ? {} : { store }),
    ...(databaseBytes === undefined ? {} : { databaseBytes }),
    ...(signedAt === undefined ? {} : { signedAt }),
    ...(report === undefined
      ? {}
      : {
          upkeep: {
            endedAt: report.endedAt,
            problemCount: report.parts.reduce((sum, { problems }) => sum + problems.length, 0),
          },
        }),
  };
}

async function readPublications(
  { repositories }: Settings,
  data: DataDirectory,
): Promise<Readonly<Record<string, string>>> {
  const moments = await Promise.all(
    repositories.map(async ({ name }) => {
      const directory = join(data.repositories, name);
      const current = await readCurrentSnapshot(directory);
      if (current === undefined) return [];
      const record = await readSnapshotRecord(pathOfSnapshot(directory, current));
      return record ? [[name, record.writtenAt] as const] : [];
    }),
  );
  return Object.fromEntries(moments.flat());
}
