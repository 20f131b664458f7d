import type { CellState } from '../model/cell-state.ts';
import {
  type FastLaneSettings,
  type Freeze,
  type GatedKernel,
  type GateRules,
  type GateWait,
  isOpen,
  type Severity,
  type Waiver,
} from '../model/gate.ts';

/** A cell as the gate sees it. */
export interface GateCell {
  readonly kmod: string;
  readonly isRequired: boolean;
  readonly state: CellState;
  /** What is known of it in short, e.g. `build failed`. */
  readonly why: string;
}

/** A kernel as the gate sees it. */
export interface GateKernel {
  readonly release: string;
  /** ISO 8601 in UTC. */
  readonly foundAt: string;
  /** The gravest advisory that brings it; absent if none does or nobody looked. */
  readonly severity?: Severity;
  /** Since when upstream has taken it back, ISO 8601 in UTC. */
  readonly withdrawnSince?: string;
  readonly cells: readonly GateCell[];
}

/** Everything that a decision depends on. */
export interface GateFacts {
  /** ISO 8601 in UTC. */
  readonly now: string;
  readonly graceMs: number;
  readonly fastLane: FastLaneSettings;
  readonly rules: GateRules;
  /** Oldest first. */
  readonly kernels: readonly GateKernel[];
  /** What was decided last; of kernels that are not among {@link kernels} nothing is said any more. */
  readonly before: readonly GatedKernel[];
}

/** A decision about every kernel, and when time alone may change it. */
export interface GateDecision {
  /** In the order of the facts. */
  readonly kernels: readonly GatedKernel[];
  /** The next end of a grace, waiver or freeze, ISO 8601 in UTC; absent if there is none. */
  readonly nextAt?: string;
}

/** Cells whose modules are served, or are those of another kernel and fit. */
const READY: readonly CellState[] = ['kept', 'built'];
/** Cells that may still come to an end by themselves. */
const OPEN: readonly CellState[] = ['unknown', 'waiting', 'running'];

/**
 * Decides which kernels machines may see.
 *
 * A kernel is held until every required kmod is there or waived; it waits for optional ones that are worked on
 * until its grace is over. What was let through once stays so, whatever happens to its kmods later: only a
 * recall by hand hides it. A required kmod that leaves the kernel out of its range holds it as one that failed:
 * machines that need the module cannot use the kernel. A freeze is no waiver: a frozen kmod that is missing holds.
 * A kernel that upstream withdrew is not let through by itself any more; of one that was, it is said.
 */
export function decideGate(facts: GateFacts): GateDecision {
  const kernels = facts.kernels.map((kernel, index) => decideKernel(kernel, index, facts));
  const nextAt = findNextMoment(facts, kernels);
  return { kernels, ...(nextAt === undefined ? {} : { nextAt }) };
}

type Verdict = Omit<GatedKernel, 'release' | 'since'> & { readonly since?: string };

function decideKernel(kernel: GateKernel, index: number, facts: GateFacts): GatedKernel {
  const before = facts.before.find(({ release }) => release === kernel.release);
  const verdict = judgeByHand(kernel, facts) ?? keepOpen(before) ?? judge(kernel, index, facts);
  const { release } = kernel;
  const isSame = before !== undefined && before.state === verdict.state;
  const since = verdict.since ?? (isSame ? before.since : facts.now);
  const { withdrawnSince } = kernel;
  return {
    release,
    ...verdict,
    since,
    ...(withdrawnSince === undefined ? {} : { withdrawnSince }),
  };
}

/** The last word of a person about this kernel. */
function judgeByHand({ release }: GateKernel, { rules }: GateFacts): Verdict | undefined {
  const order = rules.orders.findLast((one) => one.release === release);
  if (!order) return undefined;
  const isPromoted = order.kind === 'promote';
  const verb = isPromoted ? 'promoted' : 'recalled';
  const reason = `${verb} by ${order.by}: ${order.why}`;
  const state = isPromoted ? 'released' : 'recalled';
  return { state, reason, since: order.at, waitsFor: [] };
}

function keepOpen(before: GatedKernel | undefined): Verdict | undefined {
  if (!before || !isOpen(before.state)) return undefined;
  const { release: _, withdrawnSince: __, ...verdict } = before;
  return verdict;
}

function judge(kernel: GateKernel, index: number, facts: GateFacts): Verdict {
  const fastLane = findFastLane(kernel, facts);
  const cells = kernel.cells.filter(({ state }) => !READY.includes(state));
  const missing = cells.filter(({ isRequired }) => isRequired);
  const waivers = missing.flatMap(({ kmod }) => findWaiver(kmod, index, facts) ?? []);
  const rest = missing.filter(({ kmod }) => !waivers.some((waiver) => waiver.kmod === kmod));
  const skipped = rest.filter(
    ({ state }) => fastLane && facts.fastLane.skip === 'failed' && !OPEN.includes(state),
  );
  const required = rest.filter((cell) => !skipped.includes(cell));
  const isPatient = !fastLane && facts.now < graceEnd(kernel, facts);
  const optional = cells.filter(
    ({ isRequired, state }) => isPatient && !isRequired && OPEN.includes(state),
  );
  const waitsFor = [...required, ...optional].map(toWait);
  const lane = fastLane === undefined ? {} : { fastLane };
  const { withdrawnSince } = kernel;
  if (withdrawnSince !== undefined) {
    return {
      state: 'held',
      reason: `withdrawn upstream since ${withdrawnSince}`,
      waitsFor,
      ...lane,
    };
  }
  const freeze = findFreeze(kernel, facts);
  if (freeze) return { state: 'held', reason: describeFreeze(freeze), waitsFor, ...lane };
  if (waitsFor.length > 0) {
    const end = required.length === 0 ? `, at most until ${graceEnd(kernel, facts)}` : '';
    const reason = `waits for ${waitsFor.map(nameWait).join(', ')}${end}`;
    return { state: 'held', reason, waitsFor, ...lane };
  }
  if (waivers.length > 0 || skipped.length > 0) {
    const reasons = [...waivers.map(describeWaiver), ...describeSkipped(skipped, fastLane)];
    return { state: 'waived', reason: reasons.join('; '), waitsFor: [], ...lane };
  }
  return { state: 'released', reason: describeComplete(kernel), waitsFor: [], ...lane };
}

function findFastLane(
  { release, severity }: GateKernel,
  { rules, fastLane }: GateFacts,
): GatedKernel['fastLane'] {
  if (rules.fastLane.some((order) => order.release === release)) return 'by hand';
  return severity !== undefined && fastLane.severities.includes(severity) ? severity : undefined;
}

/** A waiver covers its kernel and newer ones, until it ends. */
function findWaiver(
  kmod: string,
  index: number,
  { rules, kernels, now }: GateFacts,
): Waiver | undefined {
  return rules.waivers.findLast((waiver) => {
    const from = kernels.findIndex(({ release }) => release === waiver.release);
    return waiver.kmod === kmod && now < waiver.until && from !== -1 && from <= index;
  });
}

function findFreeze({ release }: GateKernel, { rules, now }: GateFacts): Freeze | undefined {
  return rules.freezes.find(({ subject, until }) => {
    if (until !== undefined && until <= now) return false;
    return subject.kind === 'stream' || (subject.kind === 'kernel' && subject.release === release);
  });
}

function graceEnd({ foundAt }: GateKernel, { graceMs }: GateFacts): string {
  return new Date(Date.parse(foundAt) + graceMs).toISOString();
}

function toWait({ kmod, isRequired, state, why }: GateCell): GateWait {
  return { kmod, isRequired, cell: state, why };
}

function nameWait({ kmod, isRequired, why }: GateWait): string {
  return `${kmod} (${isRequired ? '' : 'optional, '}${why})`;
}

function describeFreeze({ subject, by, why, until }: Freeze): string {
  const end = until === undefined ? '' : ` until ${until}`;
  return `the ${subject.kind} is frozen by ${by}${end}: ${why}`;
}

function describeWaiver({ kmod, by, until, why }: Waiver): string {
  return `without ${kmod}, waived by ${by} until ${until}: ${why}`;
}

function describeSkipped(
  cells: readonly GateCell[],
  fastLane: GatedKernel['fastLane'],
): readonly string[] {
  if (cells.length === 0) return [];
  const names = cells.map(({ kmod, why }) => `${kmod} (${why})`).join(', ');
  return [`fast lane (${fastLane}): without ${names}`];
}

function describeComplete({ cells }: GateKernel): string {
  const count = cells.filter(({ isRequired }) => isRequired).length;
  if (count === 0) return 'no kmod is required';
  return count === 1 ? 'the required kmod is there' : `all ${count} required kmods are there`;
}

/** Only what is still held can be changed by time. */
function findNextMoment(facts: GateFacts, decided: readonly GatedKernel[]): string | undefined {
  const held = facts.kernels.filter((_, index) => decided[index]?.state === 'held');
  const moments = [
    ...held.map((kernel) => graceEnd(kernel, facts)),
    ...facts.rules.waivers.map(({ until }) => until),
    ...facts.rules.freezes.flatMap(({ until }) => until ?? []),
  ];
  return moments.filter((moment) => moment > facts.now).sort()[0];
}
