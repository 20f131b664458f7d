import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { BuildEnd } from '../../activities/build.ts';
import type { VerifyEnd } from '../../activities/verify.ts';
import type { BuiltPackage, CellOutcome } from '../../model/cell.ts';
import type { FailureCause } from '../../model/failure-cause.ts';
import type { PlannedCell, RebuildPlan } from '../../model/plan.ts';
import type { RebuildInput, WorkflowOptions } from '../../model/workflow-messages.ts';
import type { Fakes } from '../support/workflow-rig.ts';

export const OPTIONS: WorkflowOptions = {
  window: 3,
  buildTimeoutMs: 60_000,
  prepareTimeoutMs: 60_000,
  publishBatchMs: 30,
  hasSearchAttributes: false,
};

export const BUILDROOT = { id: 'sha256:buildroot', digest: 'digest', isReused: false };

/** A cell of the stream `lab`; each test has a release of its own, so that no two meet. */
export function cellOf(
  kmod: string,
  release: string,
  changes: Partial<PlannedCell> = {},
): PlannedCell {
  return {
    stream: 'lab',
    kmod,
    release,
    arch: 'x86_64',
    verdict: { kind: 'rebuild', why: 'never-built' },
    wave: 0,
    needs: [],
    required: true,
    sourceDigest: 'source',
    inputDigest: 'input',
    buildNumber: 1,
    ...changes,
  };
}

export function planOf(release: string, cells: readonly PlannedCell[]): RebuildPlan {
  return { stream: 'lab', release, arch: 'x86_64', target: 'lab', repository: 'kmods', cells };
}

export function packageOf(kmod: string, release: string): BuiltPackage {
  const fileName = `kmod-${kmod}-${release}.rpm`;
  const nevra = { name: `kmod-${kmod}`, epoch: 0, version: '1', release, arch: 'x86_64' };
  return { fileName, nevra, sha256: '0'.repeat(64), sizeBytes: 1 };
}

export function inputOf(cell: PlannedCell, changes: Partial<RebuildInput> = {}): RebuildInput {
  const { stream, kmod, release } = cell;
  return {
    stream,
    kmod,
    release,
    trigger: 'command',
    isForced: false,
    options: OPTIONS,
    ...changes,
  };
}

/**
 * Fakes by which every cell of a plan is built, signed and published, and how cells were recorded.
 * Changes replace the work of a fake; what is recorded stays recorded.
 */
export function goodFakes(
  cells: readonly PlannedCell[],
  changes: Partial<Fakes> = {},
): { readonly fakes: Partial<Fakes>; readonly recorded: ReadonlyMap<string, CellOutcome> } {
  const recorded = new Map<string, CellOutcome>();
  const fakes: Partial<Fakes> = {
    async planKernel({ release }) {
      return { plan: planOf(release, cells), unreadable: [] };
    },
    async planCell({ kmod }) {
      const cell = cells.find((candidate) => candidate.kmod === kmod);
      if (!cell) throw new Error(`BUG: no cell ${kmod}`);
      return cell;
    },
    async prepareBuildroot() {
      return BUILDROOT;
    },
    buildKmod: buildWell,
    verifyBuild: verifyWell,
    async signPackages({ packages }) {
      return packages;
    },
    async verifySigned() {
      return [];
    },
    async recordOutcome({ kmod, outcome }) {
      recorded.set(kmod, outcome);
    },
    async recordUnbuilt({ ends }) {
      for (const { kmod, outcome } of ends) recorded.set(kmod, outcome);
    },
    async recordRollout() {},
    ...changes,
  };
  return { fakes, recorded };
}

/** A build that succeeds at once. */
export async function buildWell({ cell }: { readonly cell: PlannedCell }): Promise<BuildEnd> {
  const file = packageOf(cell.kmod, cell.release);
  const { buildNumber } = cell;
  const attemptLog = 'logs/a.log';
  return { kind: 'built', files: [file], buildNumber, durationMs: 1000, attemptLog };
}

/** A verification that finds nothing wrong. */
export async function verifyWell({ cell }: { readonly cell: PlannedCell }): Promise<VerifyEnd> {
  const modules = { sha256: '1'.repeat(64), sizeBytes: 2, moduleCount: 1 };
  return { kind: 'verified', packages: [packageOf(cell.kmod, cell.release)], modules };
}

/** What is behind the failure of {@link buildBadly}. */
export const CAUSE: FailureCause = {
  before: '6.1.0-54-amd64',
  after: '6.12.117+deb12-amd64',
  errors: [
    {
      line: 'jool.c:42:9: error: implicit declaration of function ‘strlcpy’',
      kind: 'lost',
      symbol: 'strlcpy',
      provider: 'vmlinux',
      subsystem: "the kernel's core",
      isForetold: false,
    },
  ],
};

/** A build that fails as builds do. */
export async function buildBadly(): Promise<BuildEnd> {
  const reason = 'jool.c:42:9: error: implicit declaration of function ‘strlcpy’';
  const end = { why: 'exit', exitCode: 2, reason, durationMs: 7, attemptLog: 'logs/a' } as const;
  return { kind: 'failed', ...end, cause: CAUSE };
}

/** A build that lasts until its cell is cancelled. */
export async function buildForever(): Promise<BuildEnd> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), 20);
  return await context.cancelled.finally(() => clearInterval(timer));
}

/** Something to wait for. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

export function makeGate(): Gate {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

/** Waits for something that a worker does. */
export async function until(isDone: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !isDone(); i += 1) await delay(10);
  assert.ok(isDone(), 'it takes too long');
}
