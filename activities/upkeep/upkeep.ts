import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { BuildBackend } from '../../containers/backend.ts';
import type { Settings } from '../../model/settings.ts';
import type { Sha256Hex } from '../../model/store.ts';
import type { UpkeepPart, UpkeepReport } from '../../model/upkeep.ts';
import { newestKernels } from '../../rpm/newest-kernels.ts';
import { readJson, writeJson } from '../atomic-file.ts';
import type { DataDirectory } from '../data-directory.ts';
import { hasKeys } from '../has-keys.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { Records } from '../records.ts';
import type { SteadyClock } from '../steady-clock.ts';
import { collectDigests } from './collect-digests.ts';
import { forgetKernels } from './forget-kernels.ts';
import { reapBuildroots, reapRuns } from './reap-builders.ts';
import { reapScratch, reapTemporary } from './reap-scratch.ts';
import { collectRunningDigests, listRunningWorkflows } from './running-workflows.ts';
import { sweepHalfWritten } from './sweep-half-written.ts';
import { sweepStore } from './sweep-store.ts';

export interface UpkeepDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly records: Records;
  readonly backend: BuildBackend;
  readonly client: Client;
  readonly homeId: string;
  readonly clock: SteadyClock;
  readonly onChange: () => void;
}

/** How an upkeep is done. */
export interface UpkeepRequest {
  /** Only tells what would be removed. */
  readonly isDryRun: boolean;
}

/** See {@link upkeepActivities}. */
export type UpkeepActivities = ReturnType<typeof upkeepActivities>;

/** Activities of the upkeep on the control side; the workflow `upkeep` is the only caller, one at a time. */
export function upkeepActivities(deps: UpkeepDeps) {
  const { settings, data, client, clock } = deps;
  const { graceMs, forgetMs } = settings.upkeep;

  /** Has a look at the clock, and removes records of kernels that nobody needs, and half-written ones. */
  async function tidyRecords({ isDryRun }: UpkeepRequest): Promise<UpkeepPart> {
    return await withHeartbeat(async () => {
      if (!isDryRun) await clock.note();
      const problems = describeJump(clock.jumpMs());
      const { workflowIds } = await listRunningWorkflows(client);
      const file = join(data.upkeep, 'kernels.json');
      const look = { file, reading: clock.read(), graceMs: () => forgetMs, isDryRun };
      const forgotten = await forgetKernels({ ...deps, workflowIds }, look);
      if (forgotten.count > 0) deps.onChange();
      const halfWritten = await sweepHalfWritten(data.root, {
        ...{ ...look, file: join(data.upkeep, 'half-written.json') },
        graceMs: () => graceMs,
      });
      const removed = [forgotten, halfWritten];
      return { part: 'records', removed, problems };
    });
  }

  /** Removes files of the store that nothing refers to. */
  async function tidyStore({ isDryRun }: UpkeepRequest): Promise<UpkeepPart> {
    return await withHeartbeat(async () => {
      // Workflows first: what one of them has just written down is found among the records.
      const digests = await collectRunningDigests(client);
      const referred = new Set([...digests, ...(await collectDigests(data.root))]);
      const sweep = { root: data.store, recordFile: join(data.upkeep, 'store.json'), graceMs };
      const removed = [await sweepStore(referred, { ...sweep, reading: clock.read(), isDryRun })];
      return { part: 'store', removed, problems: [] };
    });
  }

  /** Tells the signer what rebuilds that run have it sign: all else that it keeps may go. */
  async function listSigned(): Promise<{ readonly digests: readonly Sha256Hex[] }> {
    const digests = await collectRunningDigests(client);
    return { digests: [...digests].sort() };
  }

  /** Remembers how the upkeep went, for `rekmod doctor`. */
  async function recordUpkeep({
    parts,
    isDryRun,
  }: Pick<UpkeepReport, 'parts' | 'isDryRun'>): Promise<UpkeepReport> {
    const report = { endedAt: clock.now().toISOString(), isDryRun, parts };
    if (!isDryRun) await writeJson(reportFile(data), report);
    return report;
  }

  return { tidyRecords, tidyStore, listSigned, recordUpkeep };
}

/** See {@link builderUpkeepActivities}. */
export type BuilderUpkeepActivities = ReturnType<typeof builderUpkeepActivities>;

/** The activity of the upkeep where builds run. */
export function builderUpkeepActivities(deps: UpkeepDeps) {
  const { settings, data, backend, client, homeId, clock } = deps;
  const { graceMs, unusedMs } = settings.upkeep;

  /** Removes what ended builds left, and buildroots that no build uses. */
  async function tidyBuilders({ isDryRun }: UpkeepRequest): Promise<UpkeepPart> {
    return await withHeartbeat(async () => {
      const running = await listRunningWorkflows(client);
      const look = { reading: clock.read(), isDryRun };
      const keptKernels = await listKeptKernels(deps);
      const removed = [
        await reapRuns(backend, homeId, { running, isDryRun }),
        await reapBuildroots(backend, homeId, {
          look: { ...look, file: join(data.upkeep, 'buildroots.json') },
          ...{ keptKernels, unusedMs, graceMs },
        }),
        await reapScratch(data.scratch, {
          ...look,
          file: join(data.upkeep, 'scratch.json'),
          graceMs: () => graceMs,
        }),
        await reapTemporary(tmpdir(), {
          ...look,
          file: join(data.upkeep, 'temporary.json'),
          graceMs: () => Math.max(graceMs, TEMPORARY_MS),
        }),
      ];
      return { part: 'builders', removed, problems: [] };
    });
  }

  return { tidyBuilders };
}

/** Reads how the last upkeep went. */
export async function readUpkeepReport(data: DataDirectory): Promise<UpkeepReport | undefined> {
  return await readJson(reportFile(data), isReport);
}

function reportFile(data: DataDirectory): string {
  return join(data.upkeep, 'report.json');
}

function isReport(value: unknown): value is UpkeepReport {
  return hasKeys(value, 'endedAt', 'parts');
}

async function listKeptKernels({ settings, records }: UpkeepDeps): Promise<ReadonlySet<string>> {
  const kept = new Set<string>();
  for (const { name, keepKernels } of settings.streams) {
    for (const { release } of newestKernels(await records.listKernels(name), keepKernels)) {
      kept.add(`${name}/${release}`);
    }
  }
  return kept;
}

const HOUR_MS = 3_600_000;
/** Other rekmods of this user have theirs there as well, which this one's grace says nothing of. */
const TEMPORARY_MS = 24 * HOUR_MS;

function describeJump(jumpMs: number): readonly string[] {
  if (jumpMs === 0) return [];
  const hours = Math.abs(jumpMs / HOUR_MS).toFixed(1);
  const way = jumpMs > 0 ? 'ahead' : 'back';
  return [
    `The clock of this machine jumped ${hours} hours ${way}: nothing is removed or released by it until two more upkeeps agree with it; if it is right, remove "upkeep/clock.json" and start rekmod again`,
  ];
}
