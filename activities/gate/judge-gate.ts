import {
  type GatedKernel,
  type GateRecord,
  type GateRules,
  type GateSettings,
  type GateView,
  NO_RULES,
  type Severity,
} from '../../model/gate.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { Kmod } from '../../model/kmod.ts';
import type { Settings, Stream } from '../../model/settings.ts';
import { decideGate, type GateCell, type GateKernel } from '../../plan/decide-gate.ts';
import { pruneRules } from '../../plan/prune-rules.ts';
import { findServedState } from '../../report/describe-wait.ts';
import type { ContentStore } from '../content-store.ts';
import type { DataDirectory } from '../data-directory.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { Records } from '../records.ts';
import type { StreamRecord } from '../stream-record.ts';
import { readKernelSeverities } from './kernel-severities.ts';

export interface JudgeGateDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly records: Records;
  readonly now: () => Date;
  readonly onChange: () => void;
}

/** What was decided about a stream's gate. */
export type GateJudgement =
  | {
      readonly kind: 'decided';
      readonly kernels: readonly GatedKernel[];
      /** Those of the input without what has ended. */
      readonly rules: GateRules;
      /** The kmods of the stream. */
      readonly kmods: readonly string[];
      /** See {@link GateDecision}. */
      readonly nextAt?: string;
    }
  /** The stream is not configured any more, or has no gate. */
  | { readonly kind: 'no-gate' };

/** See {@link judgeGateActivities}. */
export type JudgeGateActivities = ReturnType<typeof judgeGateActivities>;

/** Activities that decide which kernels of a stream machines may see; `gateStream` is the only caller. */
export function judgeGateActivities(deps: JudgeGateDeps) {
  const { records } = deps;

  /** What people decided about the gate before this workflow was there. */
  async function openGate({ stream }: { readonly stream: string }): Promise<GateRules> {
    return (await records.readGate(stream))?.rules ?? NO_RULES;
  }

  /**
   * Decides and writes the decision down, before anything is served by it: what is served was decided, whatever
   * crashes in between.
   */
  async function judgeGate(input: {
    readonly stream: string;
    readonly rules: GateRules;
  }): Promise<GateJudgement> {
    const stream = deps.settings.streams.find(({ name }) => name === input.stream);
    if (!stream?.gate) return { kind: 'no-gate' };
    const { gate } = stream;
    return await withHeartbeat((signal) => judge({ ...stream, gate }, input.rules, signal));
  }

  async function judge(
    stream: Stream & { readonly gate: GateSettings },
    given: GateRules,
    signal: AbortSignal,
  ): Promise<GateJudgement> {
    const { gate, name } = stream;
    const now = deps.now().toISOString();
    const before = await records.readGate(name);
    const known = await records.listKernels(name);
    const rules = pruneRules(
      given,
      known.map(({ release }) => release),
      now,
    );
    const kmods = deps.settings.kmods.filter(({ streams }) => streams.includes(name));
    const severities =
      gate.fastLane.severities.length === 0
        ? new Map<string, Severity>()
        : await readKernelSeverities(stream, known, { ...deps, signal });
    const { kernels, nextAt } = decideGate({
      now,
      graceMs: gate.graceMs,
      fastLane: gate.fastLane,
      rules,
      kernels: await gatherKernels(known, name, { kmods, severities, records }),
      before: before?.kernels ?? [],
    });
    const { view } = before ?? {};
    const record: GateRecord = {
      ...{ schema: 1, stream: name, decidedAt: now, kernels, rules },
      ...(view === undefined ? {} : { view }),
    };
    await records.writeGate(record);
    deps.onChange();
    return {
      kind: 'decided',
      kernels,
      rules,
      kmods: kmods.map((kmod) => kmod.name),
      ...(nextAt === undefined ? {} : { nextAt }),
    };
  }

  /** Writes down how far the gated repository is. */
  async function recordView({
    stream,
    view,
  }: {
    readonly stream: string;
    readonly view: GateView;
  }): Promise<void> {
    const record = await records.readGate(stream);
    if (!record) return;
    await records.writeGate({ ...record, view });
    deps.onChange();
  }

  return { openGate, judgeGate, recordView };
}

function findWithdrawal(
  { release }: Kernel,
  watched: StreamRecord | undefined,
): Pick<GateKernel, 'withdrawnSince'> {
  const since = watched?.goneSince?.[release];
  return since !== undefined && watched?.withdrawn?.includes(release)
    ? { withdrawnSince: since }
    : {};
}

interface KernelContext {
  readonly kmods: readonly Kmod[];
  readonly severities: ReadonlyMap<string, Severity>;
  readonly records: Records;
}

async function gatherKernels(
  known: readonly Kernel[],
  stream: string,
  context: KernelContext,
): Promise<readonly GateKernel[]> {
  const watched = await context.records.readStream(stream);
  return await Promise.all(
    known.map(async (kernel) => ({
      ...(await gatherKernel(kernel, context)),
      ...findWithdrawal(kernel, watched),
    })),
  );
}

async function gatherKernel(
  { stream, release, foundAt }: Kernel,
  { kmods, severities, records }: KernelContext,
): Promise<GateKernel> {
  const plan = await records.readPlan({ stream, release });
  const severity = severities.get(release);
  const cells = await Promise.all(
    kmods.map(async ({ name, required }): Promise<GateCell> => {
      const record = await records.readCell({ stream, release, kmod: name });
      const planned = plan?.cells.find(({ kmod }) => kmod === name)?.verdict;
      return { kmod: name, isRequired: required, ...findServedState(record, planned) };
    }),
  );
  return { release, foundAt, cells, ...(severity === undefined ? {} : { severity }) };
}
