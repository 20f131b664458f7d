import { open } from 'node:fs/promises';
import type { BuildFailure } from '../model/cell.ts';
import { RekmodError } from '../model/errors.ts';
import type { FailureCause } from '../model/failure-cause.ts';
import type { Kernel } from '../model/kernel.ts';
import type { PlannedCell } from '../model/plan.ts';
import { findFirstError } from '../plan/first-error.ts';
import { matchErrors } from '../plan/match-error.ts';
import { findRefusal } from '../rpm/spec-checks.ts';
import type { Records } from './records.ts';
import type { SymversReader } from './symvers-reader.ts';

export interface ExplainDeps {
  readonly records: Records;
  readonly readSymvers: SymversReader;
}

/** A build that failed. */
export interface BuildToExplain {
  readonly cell: PlannedCell;
  readonly kernel: Kernel;
  readonly why: BuildFailure;
  /** Absolute path of the build's log. */
  readonly log: string;
}

/** Why a build failed, for people, and what the kernel changed that its errors name. */
export interface ExplainedFailure {
  readonly reason: string;
  readonly cause?: FailureCause;
}

/** How much of a log is searched for its first errors. */
const MAX_SEARCHED_LOG_BYTES = 32 * 1024 * 1024;

/** Says why a build failed: the limit that it hit, or the first error of its log and what is behind it. */
export async function explainFailure(
  build: BuildToExplain,
  deps: ExplainDeps,
): Promise<ExplainedFailure> {
  if (build.why !== 'exit') return { reason: LIMIT_SENTENCES[build.why] };
  const log = await readStart(build.log);
  const refusal = findRefusal(log);
  if (refusal !== undefined) return { reason: refusal };
  const reason = findFirstError(log) ?? 'the build ended with an error; its log says more';
  const cause = await findCause(log, build, deps);
  return { reason, ...(cause ? { cause } : {}) };
}

const LIMIT_SENTENCES: Readonly<Record<Exclude<BuildFailure, 'exit'>, string>> = {
  timeout: 'the build did not end within limits.buildTimeout and was stopped',
  'out-of-memory': 'the build needed more than limits.memory and was stopped',
  'scratch-full': 'the build wrote more files than limits.scratch has room for',
  interrupted: 'signals that rekmod did not send ended the build, each time that it was tried',
  'log-too-large': 'the build wrote a log without end and was stopped',
  'output-too-large': 'the build handed out more than limits.output and was stopped',
  'bad-output': 'the build handed out something other than RPM files',
};

async function findCause(
  log: string,
  { cell, kernel }: BuildToExplain,
  deps: ExplainDeps,
): Promise<FailureCause | undefined> {
  try {
    const before = await findReference(cell, kernel, deps.records);
    if (!before) return undefined;
    return matchErrors({
      log,
      verdict: cell.verdict,
      before: { release: before.release, symvers: await deps.readSymvers(before.symvers) },
      after: { release: kernel.release, symvers: await deps.readSymvers(kernel.symvers) },
    });
  } catch (error) {
    // The build has failed whether it can be explained or not: a damaged record is not its end.
    if (error instanceof RekmodError) return undefined;
    throw error;
  }
}

/**
 * The kernel that the source is known to fit: of its newest other build, or else the one before, unless
 * the source did not compile there either: then what changed since is not why.
 */
async function findReference(
  { kmod, stream }: PlannedCell,
  kernel: Kernel,
  records: Records,
): Promise<Kernel | undefined> {
  const donors = (await records.openDonors(kernel))(kmod);
  const donor = donors.find(({ release }) => release !== kernel.release);
  if (donor) return await records.readKernel({ stream, release: donor.release });
  const kernels = (await records.listKernels(stream)).filter(
    ({ arch, flavour }) => arch === kernel.arch && flavour === kernel.flavour,
  );
  const before = kernels[kernels.findIndex(({ release }) => release === kernel.release) - 1];
  if (!before) return undefined;
  const outcome = (await records.readCell({ kmod, stream, release: before.release }))?.outcome;
  return outcome?.kind === 'failed' && outcome.step === 'build' ? undefined : before;
}

async function readStart(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, MAX_SEARCHED_LOG_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
