import { Context } from '@temporalio/activity';
import { NotFoundError } from '../model/activity-errors.ts';
import { type FailureKind, RekmodError } from '../model/errors.ts';
import type { Kernel, KernelKey } from '../model/kernel.ts';
import type { Kmod } from '../model/kmod.ts';
import type { PlannedCell, PlanOutline, RebuildPlan } from '../model/plan.ts';
import type { Target } from '../model/settings.ts';
import type { RolloutPart } from '../model/workflow-messages.ts';
import { addForeignBuilds } from '../plan/add-foreign-builds.ts';
import { assemblePlan, type KmodFacts } from '../plan/assemble-plan.ts';
import { kindOfError } from '../plan/failure-policies.ts';
import { findKmodFreeze } from '../plan/find-kmod-freeze.ts';
import { keepWithinBudget } from '../plan/keep-within-budget.ts';
import { outlinePlan } from '../plan/outline-plan.ts';
import { restrictPlan, restrictToPart } from '../plan/restrict-plan.ts';
import { findExclusion } from '../rpm/dkms/find-exclusion.ts';
import { readSpecDependencies } from '../rpm/spec-dependencies.ts';
import { type DeferDeps, deferPlan } from './defer-plan.ts';
import { detailPlan } from './detail-plan.ts';
import { digestCellInput } from './digest-cell-input.ts';
import type { ForeignBuildReader } from './foreign-builds.ts';
import { withHeartbeat } from './heartbeat.ts';
import type { KernelOptionsReader } from './kernel-options.ts';
import type { KmodInput, KmodReader } from './kmod-source.ts';
import type { DonorLookup, Records } from './records.ts';
import { requireNamed } from './require-named.ts';
import type { SymversReader } from './symvers-reader.ts';

export interface AssessDeps extends DeferDeps {
  readonly readKmod: KmodReader;
  readonly readKernelOptions: KernelOptionsReader;
  readonly readSymvers: SymversReader;
  readonly readForeignBuilds: ForeignBuildReader;
  readonly onChange: () => void;
}

/** `isPatient`: a server of a source that is down throws; else that kmod is unreadable now. */
export type AssessKernelDeps = Omit<AssessDeps, 'onChange'> & { readonly isPatient?: boolean };

/** What to plan. */
export interface PlanRequest extends KernelKey {
  /** Kmods that are built whatever the verdict would be. */
  readonly forced: readonly string[];
  /** Of the plan as it travels; all of it when absent. */
  readonly part?: RolloutPart;
  /** Builder time that the rollout has, as far as the plan does not travel as a whole. */
  readonly budgetMs?: number;
}

/** A plan, and the kmods that could not be judged because their own source is at fault. */
export interface Assessment {
  readonly plan: RebuildPlan;
  readonly unreadable: readonly UnreadableKmod[];
  /** Stands for the cells of the plan where they are too many to travel: it has none then. */
  readonly outline?: PlanOutline;
}

/** Some cells of a kernel's recorded plan. */
export interface CellsRequest extends KernelKey {
  readonly kmods: readonly string[];
}

/** A kmod whose source is at fault, or cannot be had now. */
export interface UnreadableKmod {
  readonly kmod: string;
  readonly reason: string;
  /** What else than the source is at fault; absent where nothing is. */
  readonly trouble?: Exclude<FailureKind, 'outcome'>;
}

/** See {@link assessActivities}. */
export type AssessActivities = ReturnType<typeof assessActivities>;

/** So often the plan of a whole kernel waits for the server of one kmod's source. */
const PATIENT_ATTEMPTS = 3;

/** Activities of the second and third station: what does a kernel mean for each kmod? */
export function assessActivities(deps: AssessDeps) {
  /** Plans a whole kernel and records the plan. */
  async function planKernel(request: PlanRequest): Promise<Assessment> {
    return await withHeartbeat(async (signal) => {
      const isPatient = Context.current().info.attempt < PATIENT_ATTEMPTS;
      const assessment = await assessForRollout(request, { ...deps, isPatient }, signal);
      await deps.records.writePlan(assessment.plan);
      deps.onChange();
      return outline(assessment, request);
    });
  }

  /** Reads cells of a plan that was too large to travel. @throws {NotFoundError} If one is not in it. */
  async function readPlannedCells(request: CellsRequest): Promise<readonly PlannedCell[]> {
    const plan = await deps.records.readPlan(request);
    const cells = new Map(plan?.cells.map((cell) => [cell.kmod, cell]));
    return request.kmods.map((kmod) => {
      const cell = cells.get(kmod);
      if (cell) return cell;
      const detail = `expected it in the recorded plan of ${request.release}, found no such cell`;
      throw new NotFoundError('build', kmod, detail);
    });
  }

  /** Plans one cell, in the light of all others; whoever asks for one has it tried, whatever failed before. */
  async function planCell(request: PlanRequest & { readonly kmod: string }): Promise<PlannedCell> {
    return await withHeartbeat(async (signal) => {
      const isPatient = Context.current().info.attempt < PATIENT_ATTEMPTS;
      const { plan, unreadable } = await assessKernel(request, { ...deps, isPatient }, signal);
      const fault = unreadable.find(({ kmod }) => kmod === request.kmod);
      if (fault) throw new NotFoundError('plan', request.kmod, fault.reason);
      return requireCell(restrictPlan(plan, new Set([request.kmod])), request.kmod, plan);
    });
  }

  return { planKernel, planCell, readPlannedCells };
}

function outline(
  { plan: whole, unreadable }: Assessment,
  { part, budgetMs }: Pick<PlanRequest, 'part' | 'budgetMs'>,
): Assessment {
  const plan = keepWithinBudget(part ? restrictToPart(whole, part) : whole, budgetMs);
  const outlined = outlinePlan(plan);
  if (!outlined) return { plan: whole, unreadable };
  return { plan: { ...plan, cells: [] }, unreadable, outline: outlined };
}

/**
 * Judges every kmod of a kernel's stream, whatever failed before. Reads only.
 *
 * @throws {NotFoundError} If the kernel is not known.
 */
export async function assessKernel(
  request: PlanRequest,
  deps: AssessKernelDeps,
  signal: AbortSignal,
): Promise<Assessment> {
  const { settings, records, readSymvers } = deps;
  const kernel = await requireKernel(records, request);
  const stream = requireNamed(settings.streams, 'plan', 'stream', kernel.stream);
  const target = requireNamed(settings.targets, 'plan', 'target', stream.target);
  const symvers = await readSymvers(kernel.symvers);
  const donorsOf = await records.openDonors(kernel);
  const gate = stream.gate ? await records.readGate(stream.name) : undefined;
  const kmods: KmodFacts[] = [];
  const unreadable: UnreadableKmod[] = [];
  for (const kmod of settings.kmods.filter(({ streams }) => streams.includes(stream.name))) {
    try {
      const freeze = gate && findKmodFreeze(gate.rules, kmod.name);
      const read = await readFacts(kmod, { ...deps, kernel, target, donorsOf, signal });
      kmods.push({ ...read, ...(freeze === undefined ? {} : { freeze }) });
    } catch (error) {
      signal.throwIfAborted();
      // One kmod whose source is at fault must not hold up the others; trouble that passes is waited for.
      if (!(error instanceof RekmodError)) throw error;
      if (error.failureClass === 'transient' && deps.isPatient === true) throw error;
      unreadable.push(toUnreadable(kmod, error));
    }
  }
  const plan = assemblePlan({ stream, kernel, symvers, kmods, forced: request.forced });
  return { plan: await detailPlan(plan, { stream, symvers, kmods }, deps), unreadable };
}

function toUnreadable({ name: kmod }: Kmod, error: RekmodError): UnreadableKmod {
  const kind = kindOfError(error);
  return { kmod, reason: error.message, ...(kind === 'outcome' ? {} : { trouble: kind }) };
}

/**
 * Judges every kmod of a kernel's stream, and puts off what would only fail again. Reads only; `rekmod plan` prints what
 * this returns.
 *
 * @throws {NotFoundError} If the kernel is not known.
 */
export async function assessForRollout(
  request: PlanRequest,
  deps: AssessKernelDeps,
  signal: AbortSignal,
): Promise<Assessment> {
  const { plan, unreadable } = await assessKernel(request, deps, signal);
  const kernel = await requireKernel(deps.records, request);
  return { plan: await deferPlan(plan, { ...request, kernel }, deps), unreadable };
}

/** @throws {NotFoundError} If rekmod has not seen the kernel. */
export async function requireKernel(records: Records, key: KernelKey): Promise<Kernel> {
  const kernel = await records.readKernel(key);
  if (kernel) return kernel;
  const known = (await records.listKernels(key.stream)).map(({ release }) => release);
  const detail = `expected a kernel of stream "${key.stream}" (${known.join(', ') || 'none is known yet'})`;
  throw new NotFoundError('use kernel', key.release, detail);
}

function requireCell(plan: RebuildPlan, kmod: string, whole: RebuildPlan): PlannedCell {
  const cell = plan.cells.find((candidate) => candidate.kmod === kmod);
  if (cell) return cell;
  const known = whole.cells.map((candidate) => candidate.kmod).join(', ') || 'none';
  const detail = `expected a kmod of stream "${plan.stream}" (${known}), found no such`;
  throw new NotFoundError('plan', kmod, detail);
}

async function readFacts(
  kmod: Kmod,
  context: Pick<AssessDeps, 'readKmod' | 'readKernelOptions' | 'readForeignBuilds'> & {
    readonly kernel: Kernel;
    readonly target: Target;
    readonly donorsOf: DonorLookup;
    readonly signal: AbortSignal;
  },
): Promise<KmodFacts> {
  const { kernel, target, donorsOf, signal } = context;
  const input = await context.readKmod(kmod, { signal });
  const { sourceDigest, dialectFor, specText } = input;
  const dialect = dialectFor(kernel);
  const inputDigest = digestCellInput(input, { kernel, target });
  const foreign = await context.readForeignBuilds(kmod.name, kernel, signal);
  const donors = addForeignBuilds(donorsOf(kmod.name), foreign, { sourceDigest, inputDigest });
  const { bindsToOneKernel } = dialect;
  const exclusion = await judgeConditions(input, context);
  return {
    ...{ kmod, sourceDigest, inputDigest, bindsToOneKernel, donors },
    dependencies: readSpecDependencies(specText, kmod.defines),
    ...(exclusion === undefined ? {} : { exclusion }),
  };
}

/** The kernel's options are looked up only if the source asks for any. */
async function judgeConditions(
  { conditions }: KmodInput,
  {
    kernel,
    readKernelOptions,
    signal,
  }: Pick<AssessDeps, 'readKernelOptions'> & {
    readonly kernel: Kernel;
    readonly signal: AbortSignal;
  },
): Promise<string | undefined> {
  if (conditions === undefined) return undefined;
  const { release, arch } = kernel;
  const options =
    conditions.config.length === 0 ? undefined : await readKernelOptions(kernel.devel, signal);
  return findExclusion(conditions, { release, arch, ...(options ? { options } : {}) });
}
