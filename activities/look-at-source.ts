import { createHash } from 'node:crypto';
import type { Kernel } from '../model/kernel.ts';
import type { Kmod } from '../model/kmod.ts';
import type { Target } from '../model/settings.ts';
import type { SourceWork, WatchedSource } from '../model/source-watch.ts';
import type { Sha256Hex } from '../model/store.ts';
import { judgeSource, type SourceVerdict } from '../plan/judge-source.ts';
import { judgeRange } from '../plan/kernel-range.ts';
import type { SourceChange } from '../report/describe-source-change.ts';
import { findSpecVersion } from '../rpm/spec-version.ts';
import { isMissing } from './atomic-file.ts';
import { digestCellInput } from './digest-cell-input.ts';
import type { KmodInput, KmodReader } from './kmod-source.ts';
import type { Records } from './records.ts';
import { type SourceStamp, stampSource } from './sources/stamp-source.ts';

/** What a look at one kmod's source found. */
export interface SourceFind {
  readonly kmod: string;
  /** What is to be remembered of it. */
  readonly watched: WatchedSource;
  readonly work: readonly SourceWork[];
  /** Only where there is work. */
  readonly change?: SourceChange;
  /** Somebody may be writing it: nothing is concluded yet. */
  readonly isUnsettled?: true;
}

/** A kernel in retention, and where its kmods are built. */
export interface RetainedKernel {
  readonly kernel: Kernel;
  readonly target: Target;
  readonly isFrozen: (kmod: string) => boolean;
}

export interface LookAtSourceDeps {
  readonly records: Records;
  readonly readKmod: KmodReader;
  readonly now: () => Date;
}

export interface LookAtSourceContext extends LookAtSourceDeps {
  /** The kernels in retention of the kmod's streams, newest first. */
  readonly kernels: readonly RetainedKernel[];
  readonly before: Omit<WatchedSource, 'lookedAt'>;
  readonly signal: AbortSignal;
}

/** Names a kernel among what was handed on, e.g. `lab/6.1.0-55-amd64`. */
export function nameCell({ stream, release }: Pick<SourceWork, 'stream' | 'release'>): string {
  return `${stream}/${release}`;
}

/** Files that changed less than so long ago may be half of what somebody copies. */
const SETTLE_MS = 5000;

/**
 * Looks at one kmod's source, as cheaply as can be: files that look as before are not read.
 *
 * @throws What the reader of kmods throws.
 */
export async function lookAtSource(kmod: Kmod, context: LookAtSourceContext): Promise<SourceFind> {
  const { before, now, signal } = context;
  const stamp = await stampOf(kmod);
  const lookedAt = now().toISOString();
  const known = before.sourceDigest;
  if (stamp && known !== undefined && stamp.digest === before.stamp) {
    const verdicts = await judgeCells(kmod, context, () => ({ sourceDigest: known }));
    const isDone = verdicts.every(({ verdict }) => verdict.kind === 'skip');
    if (isDone) return { kmod: kmod.name, watched: { ...before, lookedAt }, work: [] };
  }
  const unsettled = (found: SourceStamp | undefined): SourceFind => ({
    kmod: kmod.name,
    watched: { ...before, lookedAt, ...(found ? { unsettledStamp: found.digest } : {}) },
    work: [],
    isUnsettled: true,
  });
  if (stamp && !isSettled(stamp, context)) return unsettled(stamp);
  const input = await context.readKmod(kmod, { signal, freshness: 'newest' });
  const after = await stampOf(kmod);
  if (after?.digest !== stamp?.digest) return unsettled(after);
  return await conclude(input, context, { lookedAt, stamp });
}

async function stampOf(kmod: Kmod): Promise<SourceStamp | undefined> {
  try {
    return await stampSource(kmod.source);
  } catch (error) {
    // The reader says it in words.
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A clock that is ahead of ours (a file server's) must not hold up a source for good: twice the same will do. */
function isSettled(
  { digest, changedAtMs }: SourceStamp,
  { before, now }: Pick<LookAtSourceContext, 'before' | 'now'>,
): boolean {
  return now().getTime() - changedAtMs >= SETTLE_MS || before.unsettledStamp === digest;
}

async function conclude(
  input: KmodInput,
  context: LookAtSourceContext,
  { lookedAt, stamp }: { readonly lookedAt: string; readonly stamp: SourceStamp | undefined },
): Promise<SourceFind> {
  const { kmod, sourceDigest, specText } = input;
  const { before } = context;
  const specDigest = createHash('sha256').update(specText).digest('hex');
  const cells = await judgeCells(kmod, context, (retained) => ({
    sourceDigest,
    inputDigest: digestCellInput(input, retained),
  }));
  const work = cells.flatMap(({ verdict, stream, release, inputDigest }) =>
    verdict.kind === 'rebuild' && inputDigest !== undefined
      ? [{ kmod: kmod.name, stream, release, inputDigest }]
      : [],
  );
  const watched: WatchedSource = {
    lookedAt,
    ...{ sourceDigest, specDigest },
    ...(stamp ? { stamp: stamp.digest } : {}),
    handedOn: before.handedOn,
    ...(before.handedOnAt ? { handedOnAt: before.handedOnAt } : {}),
  };
  if (work.length === 0) return { kmod: kmod.name, watched, work };
  const version = findSpecVersion(specText);
  const change: SourceChange = {
    kmod: kmod.name,
    ...(version === undefined ? {} : { version }),
    what: describeWhat(cells, { before, sourceDigest, specDigest }),
    releases: work.map(({ release }) => release),
  };
  return { kmod: kmod.name, watched, work, change };
}

interface JudgedCell {
  readonly stream: string;
  readonly release: string;
  readonly inputDigest?: Sha256Hex;
  readonly verdict: SourceVerdict;
}

async function judgeCells(
  kmod: Kmod,
  { kernels, records, before }: LookAtSourceContext,
  digest: (retained: RetainedKernel) => {
    readonly sourceDigest: Sha256Hex;
    readonly inputDigest?: Sha256Hex;
  },
): Promise<readonly JudgedCell[]> {
  return await Promise.all(
    kernels.map(async (retained) => {
      const { stream, release, evr } = retained.kernel;
      const record = await records.readCell({ stream, release, kmod: kmod.name });
      const handedOn = before.handedOn[nameCell({ stream, release })];
      const digests = digest(retained);
      const verdict = judgeSource({
        ...digests,
        ...(record ? { record } : {}),
        isExcluded: judgeRange(kmod, evr) !== undefined || retained.isFrozen(kmod.name),
        ...(handedOn === undefined ? {} : { handedOn }),
      });
      return { stream, release, ...digests, verdict };
    }),
  );
}

function describeWhat(
  cells: readonly JudgedCell[],
  {
    before,
    sourceDigest,
    specDigest,
  }: Pick<WatchedSource, 'sourceDigest' | 'specDigest'> & Pick<LookAtSourceContext, 'before'>,
): SourceChange['what'] {
  const isOfSource = cells.some(
    ({ verdict }) => verdict.kind === 'rebuild' && verdict.why !== 'builder-changed',
  );
  if (!isOfSource) return 'builder';
  if (before.specDigest === undefined || before.sourceDigest === sourceDigest) return 'unknown';
  return before.specDigest === specDigest ? 'files' : 'spec';
}
