import { openContentStore } from '../../activities/content-store.ts';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { openRecords, type Records } from '../../activities/records.ts';
import type { CellRecord } from '../../model/cell.ts';
import type { CellState } from '../../model/cell-state.ts';
import type { GateRecord } from '../../model/gate.ts';
import type { StatusReport } from '../../model/status.ts';
import type { ChaosWorld, ExpectedKmod } from './chaos-world.ts';

const STREAM = 'lab';
const STATE_OF = {
  published: 'built',
  kept: 'kept',
  failed: 'failed',
  deferred: 'waiting',
} as const;

/** What has happened to a world from outside. */
export interface Happened {
  /** `uname -r` of the kernels that the vendor has released, oldest first. */
  readonly released: readonly string[];
  /** The version of the changing kmod's source. */
  readonly version: string;
}

/** Opens the records of a world. */
export function openRecordsOf({ world }: Pick<ChaosWorld, 'world'>): Records {
  const data = layOutDataDirectory(world.home);
  return openRecords(data, openContentStore(data.store));
}

/** Whether every kernel is known, every cell has its one end, and page, records and gate agree about it. */
export async function checkOutcomes(
  chaos: ChaosWorld,
  { released }: Happened,
): Promise<readonly string[]> {
  const records = openRecordsOf(chaos);
  const report = await chaos.world.status().catch(() => undefined);
  if (!report) return ['the status page is not served'];
  const cells = await records.listCells(STREAM);
  const gate = await records.readGate(STREAM);
  return [
    ...checkLook(report),
    ...(await Promise.all(released.map((release) => checkKernel(release, report, records)))).flat(),
    ...checkUnknown(released, report),
    ...released.flatMap((release) =>
      chaos.kmods.flatMap((kmod) => checkCell(kmod, { release, report, cells })),
    ),
    ...checkCount(chaos, released, { report, cells }),
    ...released.flatMap((release) => checkGate(release, gate)),
  ];
}

function checkLook({ streams: [stream] }: StatusReport): readonly string[] {
  if (stream?.lastLook?.ok) return [];
  return [`the last look did not succeed: ${stream?.lastLook?.message ?? 'there was none'}`];
}

async function checkKernel(
  release: string,
  { streams: [stream] }: StatusReport,
  records: Records,
): Promise<readonly string[]> {
  const kernel = stream?.kernels.find((one) => one.release === release);
  if (!kernel) return [`the kernel ${release} was missed`];
  if (kernel.state !== 'known') return [`the kernel ${release} is ${kernel.state}`];
  const rollout = await records.readRollout({ stream: STREAM, release });
  return rollout ? [] : [`the rollout of ${release} has not ended`];
}

function checkUnknown(
  released: readonly string[],
  { streams: [stream] }: StatusReport,
): readonly string[] {
  return (stream?.kernels ?? [])
    .filter((kernel) => !released.includes(kernel.release))
    .map((kernel) => `the kernel ${kernel.release} was never released`);
}

interface Facts {
  readonly release: string;
  readonly report: StatusReport;
  readonly cells: readonly CellRecord[];
}

function checkCell(
  { name, isGood }: ExpectedKmod,
  { release, report, cells }: Facts,
): readonly string[] {
  const cell = `${name} on ${release}`;
  const shown = report.cells.filter((one) => one.kmod === name && one.release === release);
  const record = cells.find((one) => one.kmod === name && one.release === release);
  if (shown.length !== 1) return [`${cell}: expected one state, found ${shown.length}`];
  const state = shown[0]?.state ?? 'unknown';
  if (!record) return [`${cell}: is ${state}, nothing is recorded`];
  const { outcome } = record;
  const bad = isBroken(outcome) ? 'waiting' : 'failed';
  const expected: readonly CellState[] = isGood ? ['built', 'kept'] : [bad];
  const recorded =
    outcome.kind in STATE_OF ? STATE_OF[outcome.kind as keyof typeof STATE_OF] : outcome.kind;
  if (!expected.includes(state)) {
    return [`${cell}: expected ${expected.join(' or ')}, found ${state}: ${shown[0]?.sentence}`];
  }
  if (recorded !== state) return [`${cell}: is shown as ${state}, recorded as ${outcome.kind}`];
  if (outcome.kind === 'failed' && (outcome.step !== 'build' || outcome.why !== 'exit')) {
    return [
      `${cell}: expected the compiler to refuse it, found ${outcome.step}: ${outcome.reason}`,
    ];
  }
  return [];
}

/** After three kernels in a row, the broken kmod is tried for the newest one alone: the circuit breaker. */
function isBroken(outcome: CellRecord['outcome']): boolean {
  return outcome.kind === 'deferred' && outcome.deferral.why === 'circuit-open';
}

function checkCount(
  { kmods }: ChaosWorld,
  released: readonly string[],
  { report, cells }: Pick<Facts, 'report' | 'cells'>,
): readonly string[] {
  const expected = kmods.length * released.length;
  return [
    ...(cells.length > expected ? [`expected ${expected} cells, found ${cells.length}`] : []),
    ...(report.cells.length > expected
      ? [`expected ${expected} cells on the page, found ${report.cells.length}`]
      : []),
  ];
}

function checkGate(release: string, gate: GateRecord | undefined): readonly string[] {
  const kernel = gate?.kernels.find((one) => one.release === release);
  if (kernel?.state !== 'released') {
    return [`the gate does not let ${release} through: ${kernel?.reason ?? 'it does not know it'}`];
  }
  const { view } = gate ?? {};
  if (view?.kind !== 'served') return [`the gated repository is not served: ${view?.reason ?? ''}`];
  return view.releases.includes(release) ? [] : [`the gated repository does not list ${release}`];
}
