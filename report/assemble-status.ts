import type { CellKey, CellOutcome, CellRecord } from '../model/cell.ts';
import type { CellState } from '../model/cell-state.ts';
import type { FailureSettings } from '../model/failure-memory.ts';
import type { Kmod } from '../model/kmod.ts';
import type { Stream } from '../model/settings.ts';
import type {
  CellLinks,
  CellStatus,
  KernelStatus,
  LookStatus,
  SourcesStatus,
  StatusLinks,
  StatusReport,
  StreamStatus,
  StuckWorkflow,
  Withdrawal,
} from '../model/status.ts';
import type { Verdict } from '../model/verdict.ts';
import { type EstimatedCell, estimateReady } from '../plan/estimate-ready.ts';
import { memoryOf } from '../plan/failure-memory.ts';
import { countStates, findCellState } from './cell-state.ts';
import { describeRetry } from './describe-deferral.ts';
import { describeOutcome, describeVerdict } from './describe-verdict.ts';
import { secondsBetween } from './format-values.ts';

/** A kernel as a status needs it. */
export type KnownKernel = Omit<KernelStatus, 'counts' | 'estimate'>;

/** What is known of one stream. */
export interface StreamFacts extends Pick<StreamStatus, 'freshness' | 'quarantine' | 'acceptance'> {
  readonly stream: Stream;
  readonly lastLook?: Omit<LookStatus, 'ageSeconds'>;
  /** Oldest first. */
  readonly kernels: readonly KnownKernel[];
}

/** A cell that is being worked on. */
export interface ActiveCell extends CellKey {
  readonly phase: 'running' | 'queued';
  readonly verdict?: Verdict;
}

/** Everything that a status is made from. */
export interface StatusFacts {
  /** The moment of the report, ISO 8601 in UTC. */
  readonly now: string;
  readonly streams: readonly StreamFacts[];
  readonly sources?: SourcesStatus;
  readonly kmods: readonly Kmod[];
  readonly records: readonly CellRecord[];
  readonly active: readonly ActiveCell[];
  /** By which it is told when what failed is tried again. */
  readonly failures?: FailureSettings;
  readonly stuck?: readonly StuckWorkflow[];
  /** Builds at once, for estimates. @default 1 */
  readonly parallelBuilds?: number;
  readonly links: StatusLinks;
  /** What a rollback took from a cell. @default {nothing} */
  readonly findWithheld?: (cell: CellKey) => Withdrawal | undefined;
  /** Addresses of a cell; relative ones begin at the page. */
  readonly linkCell: (cell: CellKey, outcome: CellOutcome | undefined) => CellLinks;
}

/** Assembles the report from what the data directory and the running workflows say. */
export function assembleStatus(facts: StatusFacts): StatusReport {
  const records = new Map(facts.records.map((record) => [keyOf(record), record]));
  const active = new Map(facts.active.map((cell) => [keyOf(cell), cell]));
  const cells: CellStatus[] = [];
  const streams = facts.streams.map((one): StreamStatus => {
    const kmods = facts.kmods
      .filter((kmod) => kmod.streams.includes(one.stream.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const own = kmods.flatMap((kmod) =>
      one.kernels.map((kernel) => {
        const key = { stream: one.stream.name, kmod: kmod.name, release: kernel.release };
        return assembleCell(key, records.get(keyOf(key)), active.get(keyOf(key)), facts);
      }),
    );
    cells.push(...own);
    return assembleStream(one, kmods, own, facts);
  });
  const { sources, now } = facts;
  return {
    ...{ schema: 1, generatedAt: now, streams },
    ...(sources === undefined ? {} : { sources }),
    ...{ cells, links: facts.links },
    ...(facts.stuck === undefined ? {} : { stuck: facts.stuck }),
  };
}

function assembleStream(
  { stream, lastLook, kernels, ...watched }: StreamFacts,
  kmods: readonly Kmod[],
  cells: readonly CellStatus[],
  { now, parallelBuilds = 1 }: StatusFacts,
): StreamStatus {
  const releases = kernels.map(({ release }) => release);
  const estimates = estimateReady(cells.map(toEstimated), releases, parallelBuilds);
  const states = new Map(kernels.map(({ release }): [string, CellState[]] => [release, []]));
  for (const { release, state } of cells) states.get(release)?.push(state);
  return {
    name: stream.name,
    title: stream.title,
    ...(lastLook === undefined
      ? {}
      : { lastLook: { ...lastLook, ageSeconds: secondsBetween(lastLook.at, now) } }),
    pollIntervalMs: stream.pollIntervalMs,
    ...watched,
    kernels: kernels.map(({ release, foundAt, state, ...rest }) => {
      const counts = countStates(states.get(release) ?? []);
      const estimate = estimates.get(release);
      return { release, foundAt, state, counts, ...(estimate ? { estimate } : {}), ...rest };
    }),
    kmods: kmods.map(({ name }) => name),
    requiredKmods: kmods.filter(({ required }) => required).map(({ name }) => name),
    repository: stream.repository,
  };
}

function toEstimated({ stream, kmod, release, state, outcome }: CellStatus): EstimatedCell {
  const isTodo = state === 'waiting' || state === 'running';
  return {
    ...{ stream, kmod, release, state: isTodo ? 'todo' : 'other' },
    ...(outcome?.kind === 'published' ? { durationMs: outcome.build.durationMs } : {}),
  };
}

function assembleCell(
  key: CellKey,
  record: CellRecord | undefined,
  active: ActiveCell | undefined,
  { linkCell, findWithheld, failures }: StatusFacts,
): CellStatus {
  const verdict = active?.verdict ?? record?.verdict;
  const outcome = record?.outcome;
  const phase = active?.phase;
  const withheld = findWithheld?.(key);
  return {
    ...key,
    state: findCellState({ verdict, outcome, phase, isWithheld: withheld !== undefined }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(phase === undefined ? {} : { phase }),
    ...(withheld === undefined ? {} : { withheld: toWithdrawal(withheld) }),
    ...(record === undefined ? {} : { updatedAt: record.updatedAt }),
    sentence:
      withheld !== undefined && phase === undefined
        ? `rolled back by ${withheld.by}: ${withheld.why}`
        : describeCell({ verdict, outcome, phase, retry: findRetry(record, failures) }),
    links: linkCell(key, outcome),
  };
}

/** Without what else is known of the package. */
function toWithdrawal({ by, why, since }: Withdrawal): Withdrawal {
  return { by, why, since };
}

/** When a cell is tried again that failed, in words. */
function findRetry(
  record: CellRecord | undefined,
  settings: FailureSettings | undefined,
): string | undefined {
  const memory = record?.outcome.kind === 'failed' ? memoryOf(record) : undefined;
  return memory && settings && describeRetry(memory, settings);
}

function describeCell({
  verdict,
  outcome,
  phase,
  retry,
}: {
  readonly verdict: Verdict | undefined;
  readonly outcome: CellOutcome | undefined;
  readonly phase: 'running' | 'queued' | undefined;
  readonly retry: string | undefined;
}): string {
  const why = verdict === undefined ? undefined : describeVerdict(verdict);
  if (phase !== undefined) return why ?? (phase === 'running' ? 'being worked on' : 'queued');
  if (outcome === undefined) return why ?? 'not looked at yet';
  if (outcome.kind === 'published' || outcome.kind === 'failed') {
    const parts = [describeOutcome(outcome), why, retry];
    return parts.filter((part) => part !== undefined).join('; ');
  }
  return outcome.kind === verdict?.kind || outcome.kind === 'kept'
    ? (why ?? describeOutcome(outcome))
    : describeOutcome(outcome);
}

function keyOf({ stream, kmod, release }: CellKey): string {
  return JSON.stringify([stream, kmod, release]);
}
