import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { gatherMetricFacts } from '../../activities/metrics/gather-metric-facts.ts';
import { measureDatabase, measureStore } from '../../activities/metrics/measure-files.ts';
import type { StatusReport } from '../../model/status.ts';
import type { FileSizes, MetricFacts } from '../../report/metrics/metric-facts.ts';
import type { CommandContext } from '../context.ts';
import { DATABASE } from '../temporal-server.ts';
import { VERSION } from '../version.ts';
import { askTemporal } from './ask-temporal.ts';

/** Tens of thousands of files take seconds of a slow disk, and their sum changes slowly. */
const STORE_FRESH_MS = 5 * 60_000;

/** What the facts of a running rekmod's metrics are gathered from. */
export interface UpMetricsSources {
  /** As configured at this moment. */
  readonly context: () => CommandContext;
  readonly client: Client;
  readonly gatherStatus: () => Promise<StatusReport>;
  /** Whether Temporal is rekmod's own. */
  readonly hasOwnServer: boolean;
}

/** Makes what gathers the facts for each scrape. */
export function openUpFacts(sources: UpMetricsSources): () => Promise<MetricFacts> {
  const { client, gatherStatus, hasOwnServer } = sources;
  let store: { readonly at: number; readonly sizes: Promise<FileSizes> } | undefined;

  async function measure(root: string): Promise<FileSizes | undefined> {
    const now = performance.now();
    if (store === undefined || now - store.at > STORE_FRESH_MS) {
      store = { at: now, sizes: measureStore(root) };
    }
    return await store.sizes.catch(() => undefined);
  }

  return async () => {
    const { settings, data, records } = sources.context();
    const [status, temporal, sizes, databaseBytes] = await Promise.all([
      gatherStatus(),
      askTemporal(client, settings),
      measure(data.store),
      hasOwnServer ? measureDatabase(join(data.temporal, DATABASE)) : undefined,
    ]);
    return await gatherMetricFacts({
      ...{ settings, data, records, status, temporal, databaseBytes },
      ...{ version: VERSION, store: sizes },
    });
  };
}
