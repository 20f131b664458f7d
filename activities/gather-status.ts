import type { CellKey, CellOutcome, CellRecord } from '../model/cell.ts';
import type { GatedKernel } from '../model/gate.ts';
import type { Settings, Stream } from '../model/settings.ts';
import type { CellLinks, KernelGate, StatusReport, StuckWorkflow } from '../model/status.ts';
import { rebuildId } from '../model/workflow-ids.ts';
import { isBuilt } from '../plan/is-built.ts';
import {
  type ActiveCell,
  assembleStatus,
  type KnownKernel,
  type StreamFacts,
} from '../report/assemble-status.ts';
import { findWithheld } from './find-withheld.ts';
import { describeOffer, describeSources, describeWatch, listWaiting } from './gather-watch.ts';
import type { Records } from './records.ts';

/** What a report is gathered from. */
export interface StatusSources {
  readonly settings: Settings;
  readonly records: Records;
  readonly now: () => Date;
  /** Rebuilds that run, from Temporal; empty when it cannot be asked. */
  readonly active: readonly ActiveCell[];
  /** Workflows that do not go on; absent when Temporal cannot be asked. */
  readonly stuck?: readonly StuckWorkflow[];
  /** Where repositories are served. */
  readonly repositoryUrl: (name: string) => string;
  /** The Temporal UI for the namespace, e.g. `http://127.0.0.1:8233/namespaces/default`. */
  readonly temporalUi?: string;
}

/** Gathers what the data directory says into one report. */
export async function gatherStatus(sources: StatusSources): Promise<StatusReport> {
  const { settings, records } = sources;
  const now = sources.now().toISOString();
  const streams = await Promise.all(
    settings.streams.map((stream) => gatherStream(stream, records, now)),
  );
  const cells = await Promise.all(settings.streams.map(({ name }) => records.listCells(name)));
  const queued = await Promise.all(
    streams.map((facts, index) => findQueued(facts, cells[index] ?? [], records)),
  );
  const running = new Set(sources.active.map(nameCell));
  const { temporalUi } = sources;
  const withheld = new Map(
    cells.flatMap((own) =>
      own.flatMap((cell) => {
        const taken = findWithheld(cell, own, records.readServed);
        return taken ? [[nameCell(cell), taken] as const] : [];
      }),
    ),
  );
  return assembleStatus({
    now,
    streams,
    sources: describeSources(settings, await records.readSources(), now),
    kmods: settings.kmods,
    failures: settings.failures,
    parallelBuilds: settings.limits.parallelBuilds,
    records: cells.flat(),
    active: [...sources.active, ...queued.flat().filter((cell) => !running.has(nameCell(cell)))],
    ...(sources.stuck === undefined ? {} : { stuck: sources.stuck }),
    links: {
      ...(temporalUi === undefined ? {} : { temporalUi }),
      repositories: settings.repositories.map(({ name }) => {
        const baseUrl = sources.repositoryUrl(name);
        return { name, baseUrl, repoFileUrl: `${baseUrl}/rekmod-${name}.repo` };
      }),
    },
    findWithheld: (cell) => withheld.get(nameCell(cell)),
    linkCell: (cell, outcome) => linkCell(cell, outcome, temporalUi),
  });
}

async function gatherStream(stream: Stream, records: Records, now: string): Promise<StreamFacts> {
  const record = await records.readStream(stream.name);
  const kernels = await records.listKernels(stream.name);
  const gated = stream.gate ? ((await records.readGate(stream.name))?.kernels ?? []) : [];
  return {
    stream,
    ...describeWatch(stream, record, now),
    kernels: [
      ...kernels.map(({ release, foundAt }): KnownKernel => {
        const gate = gated.find((kernel) => kernel.release === release);
        return {
          ...{ release, foundAt, state: 'known' },
          ...describeOffer({ release }, record),
          ...(gate === undefined ? {} : { gate: toGate(gate) }),
        };
      }),
      ...listWaiting(record),
    ],
  };
}

function toGate({ release: _, ...gate }: GatedKernel): KernelGate {
  return gate;
}

/** Cells that a plan wants built and whose work has not ended once. */
async function findQueued(
  { stream, kernels }: StreamFacts,
  cells: readonly CellRecord[],
  records: Records,
): Promise<readonly ActiveCell[]> {
  const recorded = new Set(cells.map(nameCell));
  const plans = await Promise.all(
    kernels.map(({ release }) => records.readPlan({ stream: stream.name, release })),
  );
  return plans
    .flatMap((plan) => plan?.cells ?? [])
    .filter((cell) => isBuilt(cell) && !recorded.has(nameCell(cell)))
    .map(({ kmod, release, verdict }) => ({
      kmod,
      stream: stream.name,
      release,
      verdict,
      phase: 'queued',
    }));
}

function nameCell({ kmod, stream, release }: CellKey): string {
  return `${kmod}/${stream}/${release}`;
}

function linkCell(
  cell: CellKey,
  outcome: CellOutcome | undefined,
  temporalUi: string | undefined,
): CellLinks {
  const log = logOf(outcome);
  const workflowId = encodeURIComponent(rebuildId(cell));
  return {
    // Relative to the page, /status/.
    ...(log === undefined ? {} : { log: `../${log}` }),
    ...(temporalUi === undefined ? {} : { temporal: `${temporalUi}/workflows/${workflowId}` }),
  };
}

/** The log that tells of an outcome, relative to the data directory. */
function logOf(outcome: CellOutcome | undefined): string | undefined {
  if (outcome?.kind === 'published') return outcome.build.attemptLog;
  return outcome?.kind === 'failed' ? outcome.attemptLog : undefined;
}
