import {
  CancellationScope,
  condition,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { VerifiedPackage } from '../activities/verify.ts';
import type { Buildroot } from '../containers/backend.ts';
import type { BuiltPackage, CellOutcome } from '../model/cell.ts';
import type { LoadTestReport } from '../model/load-test.ts';
import type { PlannedCell } from '../model/plan.ts';
import type { RebuildStep } from '../model/rebuild-step.ts';
import { buildQueue } from '../model/task-queues.ts';
import { needsBuild } from '../model/verdict.ts';
import type {
  Pace,
  PublicationAnswer,
  RebuildInput,
  RebuildProgress,
  RebuildResult,
} from '../model/workflow-messages.ts';
import { unbuiltOutcome } from '../plan/unbuilt-outcome.ts';
import { describeLoadTest } from '../report/describe-load-test.ts';
import { describeOutcome } from '../report/describe-verdict.ts';
import { explainCell } from '../report/explain-cell.ts';
import { explanationToMarkdown } from '../report/explanation-markdown.ts';
import { toSummary } from '../report/text-size.ts';
import {
  assess,
  build,
  handOver,
  loadTest,
  outcomes,
  sign,
  verify,
  verifySigned,
} from './activity-proxies.ts';
import { describeFailure } from './describe-failure.ts';
import { progressQuery, publishedSignal } from './messages.ts';
import { type AttributeValues, setAttributes } from './search-attributes.ts';
import { takeOptions } from './take-options.ts';
import { tellGate } from './tell-gate.ts';
import { tellOrigin } from './tell-origin.ts';
import { troubleOf } from './trouble-of.ts';

/** Laying out the input before the build's own time limit begins, and storing the output after it. */
const AROUND_BUILD_MS = 15 * 60_000;

/** A snapshot takes seconds; a publisher that is silent for so long may be another one by then. */
const ASK_AGAIN_MS = 15 * 60_000;

/** What the workflow knows of its own way; answers the query `progress`. */
interface Way {
  step: RebuildProgress['step'];
  cell: PlannedCell | undefined;
  answer: PublicationAnswer | undefined;
  /** What it is built with, if that is known. */
  toolchain: string | undefined;
  /** When the build had ended, and how long it took. */
  built?: { readonly atMs: number; readonly durationMs: number };
}

/**
 * Brings one cell to its end: plan, prepare, build, verify, load if asked for, sign, publish, record. A module that does
 * not compile is a result of this workflow, not a failure of it.
 */
export async function rebuildKmod(given: RebuildInput): Promise<RebuildResult> {
  const input = takeOptions(given);
  const way: Way = {
    step: 'plan',
    cell: input.prepared?.cell,
    answer: undefined,
    toolchain: undefined,
  };
  setHandler(progressQuery, () => toProgress(way));
  setHandler(publishedSignal, (answer) => {
    way.answer = answer;
  });
  const cell = way.cell ?? (await planCell(input));
  way.cell = cell;
  setAttributes({ verdict: cell.verdict.kind, ...listOwn(input, cell) }, input.options);
  setCurrentDetails(explanationToMarkdown(explainCell(cell)));
  const outcome = await rebuildCell(input, cell, way);
  await CancellationScope.nonCancellable(async () => {
    await record(cell, outcome, way);
    await tellGate(cell.stream, input.options);
  });
  if (outcome.kind === 'published') await resumeDependants(input, cell);
  way.step = 'done';
  setAttributes({ outcome: outcome.kind }, input.options);
  setCurrentDetails(explanationToMarkdown(explainCell({ ...cell, outcome })));
  const { kmod, stream, release } = input;
  const pace = way.built ? { pace: measurePace(way.built) } : {};
  return { kmod, stream, release, verdict: cell.verdict, outcome, ...pace };
}

function measurePace({ atMs, durationMs }: NonNullable<Way['built']>): Pace {
  return [Date.now() - atMs + durationMs, durationMs];
}

/** Nobody gave a rebuild after a thaw its attributes when it began. */
function listOwn({ trigger }: RebuildInput, cell: PlannedCell): AttributeValues {
  const { kmod, stream, release, arch } = cell;
  return trigger === 'thaw' ? { kmod, stream, kernel: release, arch, trigger } : {};
}

function toProgress({ step, cell }: Way): RebuildProgress {
  return { step, ...(cell ? { verdict: cell.verdict } : {}) };
}

async function planCell({ stream, release, kmod, isForced }: RebuildInput): Promise<PlannedCell> {
  return await assess.planCell.executeWithOptions(
    { summary: `Compare the kABI of ${release} with what ${kmod} imports` },
    [{ stream, release, kmod, forced: isForced ? [kmod] : [] }],
  );
}

async function rebuildCell(input: RebuildInput, cell: PlannedCell, way: Way): Promise<CellOutcome> {
  const unbuilt = unbuiltOutcome(cell);
  if (unbuilt) return unbuilt;
  if (!needsBuild(cell.verdict)) throw new Error(`BUG: no outcome for ${cell.verdict.kind}`);
  const startedAt = Date.now();
  try {
    return await walk(input, cell, way);
  } catch (error) {
    if (isCancellation(error)) return { kind: 'cancelled' };
    return {
      kind: 'failed',
      step: toStep(way.step),
      reason: describeFailure(error),
      durationMs: Date.now() - startedAt,
      ...troubleOf(error),
    };
  }
}

/** The stations of a build that must be made. */
async function walk(input: RebuildInput, cell: PlannedCell, way: Way): Promise<CellOutcome> {
  const { kmod, release, arch } = cell;
  way.step = 'prepare';
  const buildroot = input.prepared?.buildroot ?? (await prepare(input, cell));
  way.toolchain = buildroot.image?.id;
  way.step = 'build';
  const built = await build.buildKmod.executeWithOptions(
    {
      summary: `Build ${kmod} for ${release}, without network`,
      taskQueue: buildQueue(arch),
      startToCloseTimeout: input.options.buildTimeoutMs + AROUND_BUILD_MS,
    },
    [{ cell, buildroot }],
  );
  if (built.kind === 'failed') return { ...built, step: 'build' };
  const { durationMs, attemptLog, given } = built;
  way.built = { atMs: Date.now(), durationMs };
  way.step = 'verify';
  const verified = await verify.verifyBuild.executeWithOptions(
    { summary: `Verify ${kmod}: files, vermagic, every CRC against ${release}` },
    [{ cell, files: built.files, ...(built.expected ? { expected: built.expected } : {}) }],
  );
  if (verified.kind === 'refused') {
    const reason = verified.problems.join('; ');
    return { kind: 'failed', step: 'verify', reason, attemptLog, durationMs };
  }
  const tested = await testLoading(cell, verified.packages, way);
  if (tested && cell.loadTest === 'require' && !isLoaded(tested)) {
    const reason = describeLoadTest(tested);
    return { kind: 'failed', step: 'load', reason, attemptLog, durationMs, loadTest: tested };
  }
  const { inputDigest, sourceDigest } = cell;
  const { modules, uses, identical } = verified;
  const facts = {
    ...{ inputDigest, sourceDigest, durationMs, modules, attemptLog },
    ...(uses ? { uses } : {}),
    ...(given ? { given } : {}),
    ...(tested ? { loadTest: tested } : {}),
  };
  if (identical) {
    const { buildNumber } = identical.build;
    return { ...identical, build: { ...facts, buildNumber }, isUnchanged: true };
  }
  way.step = 'sign';
  const packages = await sign.signPackages.executeWithOptions({ summary: `Sign ${kmod}` }, [
    { packages: verified.packages },
  ]);
  const problems = await checkSigned(verified.packages, packages);
  if (problems.length > 0) {
    const reason = problems.join('; ');
    // Keys that do not fit are a person's to see to: the module is good.
    const trouble = 'configuration';
    return { kind: 'failed', step: 'sign', reason, attemptLog, durationMs, trouble };
  }
  const stated = await tellOrigin({ cell, packages, built, buildroot, modules });
  way.step = 'publish';
  // What was handed over will be served: a cancellation comes too late, or nobody would know of it.
  const answer = await CancellationScope.nonCancellable(() => publishPackages(input, stated, way));
  if (answer.kind === 'refused') {
    const { kind: _, repository: __, ...why } = answer;
    return { kind: 'failed', step: 'publish', ...why, attemptLog, durationMs };
  }
  return {
    kind: 'published',
    packages: stated,
    repository: answer.repository,
    snapshot: answer.snapshot,
    build: { ...facts, buildNumber: built.buildNumber },
  };
}

async function prepare(
  { options }: RebuildInput,
  { stream, release, arch }: PlannedCell,
): Promise<Buildroot> {
  return await build.prepareBuildroot.executeWithOptions(
    {
      summary: `Prepare a buildroot with kernel-devel ${release}`,
      taskQueue: buildQueue(arch),
      startToCloseTimeout: options.prepareTimeoutMs,
    },
    [{ stream, release }],
  );
}

/** The signer is not believed either: what it made is read with the public halves of its keys. */
async function checkSigned(
  built: readonly VerifiedPackage[],
  signed: readonly BuiltPackage[],
): Promise<readonly string[]> {
  // Rebuilds that were signed before there was this check are published as they are.
  if (!patched('verify-signed')) return [];
  return await verifySigned.verifySigned.executeWithOptions(
    { summary: 'Check the signatures of packages and modules by the public keys alone' },
    [{ built, signed }],
  );
}

/** The station that only cells have whose kmod asks for it. */
async function testLoading(
  cell: PlannedCell,
  packages: readonly VerifiedPackage[],
  way: Way,
): Promise<LoadTestReport | undefined> {
  const { kmod, release, arch, loadTest: mode } = cell;
  if (mode === undefined) return undefined;
  way.step = 'load';
  try {
    return await loadTest.testLoading.executeWithOptions(
      {
        summary: toSummary(`Load ${kmod} in the real kernel ${release} (QEMU)`),
        taskQueue: buildQueue(arch),
      },
      [{ cell, packages }],
    );
  } catch (error) {
    // Where the result is only told, a test that could not be made must not hold up the build.
    if (isCancellation(error) || mode === 'require') throw error;
    return { kind: 'not-tested', why: describeFailure(error) };
  }
}

function isLoaded(report: LoadTestReport): boolean {
  return report.kind === 'tested' && report.isGood;
}

type LocatedAnswer = PublicationAnswer & { readonly repository: string };

/** Hands the packages to the repository's one writer and waits until they are served. */
async function publishPackages(
  { stream, release, kmod, options }: RebuildInput,
  packages: readonly BuiltPackage[],
  way: Way,
): Promise<LocatedAnswer> {
  const { workflowId, runId } = workflowInfo();
  const names = packages.map(({ fileName }) => fileName).join(', ');
  const cell = { stream, release, kmod };
  for (;;) {
    const { repository } = await handOver.requestPublication.executeWithOptions(
      { summary: `Ask the publisher to serve ${names}` },
      [{ stream, packages, cell, requester: { workflowId, runId }, options }],
    );
    // A publisher that a person terminated forgets its requests; asking twice publishes once.
    await condition(() => way.answer !== undefined, ASK_AGAIN_MS, { summary: 'Ask again after' });
    if (way.answer) return { ...way.answer, repository };
  }
}

async function record(cell: PlannedCell, outcome: CellOutcome, { toolchain }: Way): Promise<void> {
  await outcomes.recordOutcome.executeWithOptions(
    { summary: toSummary(`Record: ${describeOutcome(outcome)}`) },
    [{ ...cell, outcome, ...(toolchain === undefined ? {} : { toolchain }) }],
  );
}

/** A rollout builds in order by itself; what is built outside of one may be what others have waited for. */
async function resumeDependants(
  { prepared, options }: RebuildInput,
  { kmod, stream, release, neededBy = [] }: PlannedCell,
): Promise<void> {
  if (prepared || neededBy.length === 0) return;
  await handOver.resumeDependants.executeWithOptions(
    { summary: toSummary(`Look at what needs ${kmod}: ${neededBy.join(', ')}`) },
    [{ kmod, stream, release, options }],
  );
}

function toStep(step: Way['step']): RebuildStep {
  return step === 'plan' || step === 'done' ? 'prepare' : step;
}
