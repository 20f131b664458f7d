import type { Kmod } from '../model/kmod.ts';
import type { Settings, Stream } from '../model/settings.ts';
import type {
  KernelWork,
  SourceFault,
  SourcesRecord,
  SourceWork,
  WatchedSource,
} from '../model/source-watch.ts';
import { findKmodFreeze } from '../plan/find-kmod-freeze.ts';
import { describeSourceChange } from '../report/describe-source-change.ts';
import { newestKernels } from '../rpm/newest-kernels.ts';
import { withHeartbeat } from './heartbeat.ts';
import {
  type LookAtSourceDeps,
  lookAtSource,
  nameCell,
  type RetainedKernel,
  type SourceFind,
} from './look-at-source.ts';
import type { Records } from './records.ts';
import { requireNamed } from './require-named.ts';

/** What a look at all sources found. */
export interface SourcesLook {
  /** One sentence, e.g. `1 of 3 kmods has a new source`. */
  readonly message: string;
  /** A line each; see {@link describeSourceChange}. */
  readonly changes: readonly string[];
  /** Kernels to go through again, those of one stream newest first. */
  readonly kernels: readonly KernelWork[];
  /** To be given to {@link WatchSourcesActivities.acknowledgeSources} once the kernels are handed on. */
  readonly work: readonly SourceWork[];
  readonly unreadable: readonly SourceFault[];
  /** Kmods whose files had changed a moment before: somebody may still be writing them. */
  readonly unsettled: readonly string[];
}

export interface WatchSourcesDeps extends LookAtSourceDeps {
  readonly settings: Settings;
}

/** See {@link watchSourcesActivities}. */
export type WatchSourcesActivities = ReturnType<typeof watchSourcesActivities>;

/** Sources that are looked at at once: most wait for a server. */
const WINDOW = 8;
/**
 * A rollout that did not get as far as to plan, e.g. because somebody ended it, is started again after so long. One that is
 * still at work by then goes once more through its cells, which builds nothing twice.
 */
const HAND_ON_AGAIN_MS = 6 * 60 * 60_000;
/** A server that does not answer holds up its own kmod alone. */
const LOOK_TIMEOUT_MS = 120_000;

/** Activities that find out whose source is new, and which kernels it concerns. */
export function watchSourcesActivities(deps: WatchSourcesDeps) {
  const { settings, records, now } = deps;

  /** Looks at the source of every kmod. What was found is found again until {@link acknowledgeSources}. */
  async function lookAtSources(): Promise<SourcesLook> {
    return await withHeartbeat(async (signal) => {
      const before = await records.readSources();
      const kernels = await listRetained(deps);
      const finds: SourceFind[] = [];
      for (let first = 0; first < settings.kmods.length; first += WINDOW) {
        const looks = settings.kmods
          .slice(first, first + WINDOW)
          .map((kmod) => lookAtOne(kmod, { deps, kernels, before, signal }));
        finds.push(...(await Promise.all(looks)));
      }
      const message = describeLook(finds);
      const kmods = Object.fromEntries(finds.map(({ kmod, watched }) => [kmod, watched]));
      await records.writeSources({ lookedAt: now().toISOString(), message, kmods });
      return { message, ...summarize(finds, kernels) };
    });
  }

  /** Remembers which rollouts were started, so that the next look does not start them again. */
  async function acknowledgeSources(request: {
    readonly work: readonly SourceWork[];
  }): Promise<void> {
    const record = await records.readSources();
    if (!record) return;
    const kmods: Record<string, WatchedSource> = { ...record.kmods };
    for (const { kmod, inputDigest, ...key } of request.work) {
      const watched = kmods[kmod];
      if (!watched) continue;
      const name = nameCell(key);
      const handedOn = { ...watched.handedOn, [name]: inputDigest };
      const handedOnAt = { ...watched.handedOnAt, [name]: now().toISOString() };
      kmods[kmod] = { ...watched, handedOn, handedOnAt };
    }
    await records.writeSources({ ...record, kmods });
  }

  return { lookAtSources, acknowledgeSources };
}

/** Lists the kernels that are kept built, newest first. */
async function listRetained({
  settings,
  records,
}: WatchSourcesDeps): Promise<readonly RetainedKernel[]> {
  const lists = await Promise.all(
    settings.streams.map(async (stream) => {
      const target = requireNamed(settings.targets, 'look at', 'target', stream.target);
      const isFrozen = await readFreezes(stream, records);
      const kept = newestKernels(await records.listKernels(stream.name), stream.keepKernels);
      return kept.toReversed().map((kernel) => ({ kernel, target, isFrozen }));
    }),
  );
  return lists.flat();
}

async function readFreezes(
  { name, gate }: Stream,
  records: Records,
): Promise<(kmod: string) => boolean> {
  const record = gate ? await records.readGate(name) : undefined;
  return (kmod) => record !== undefined && findKmodFreeze(record.rules, kmod) !== undefined;
}

interface LookContext {
  readonly deps: WatchSourcesDeps;
  readonly kernels: readonly RetainedKernel[];
  readonly before: SourcesRecord | undefined;
  readonly signal: AbortSignal;
}

/** A source that cannot be read is a result: it must not hold up the others. */
async function lookAtOne(
  kmod: Kmod,
  { deps, kernels, before, signal }: LookContext,
): Promise<SourceFind> {
  const own = kernels.filter(({ kernel }) => kmod.streams.includes(kernel.stream));
  const known = before?.kmods[kmod.name];
  const watched = prune(known, own, deps.now());
  const limited = AbortSignal.any([signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]);
  try {
    return await lookAtSource(kmod, { ...deps, kernels: own, before: watched, signal: limited });
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    const lookedAt = known?.lookedAt ?? deps.now().toISOString();
    return { kmod: kmod.name, watched: { ...watched, lookedAt, reason }, work: [] };
  }
}

/** Kernels that are not kept any more are forgotten, and what was handed on long ago without effect. */
function prune(
  known: WatchedSource | undefined,
  kernels: readonly RetainedKernel[],
  now: Date,
): Omit<WatchedSource, 'lookedAt'> {
  const { reason: _, handedOn = {}, handedOnAt = {}, ...rest } = known ?? {};
  const names = kernels
    .map(({ kernel }) => nameCell(kernel))
    .filter((name) => now.getTime() - Date.parse(handedOnAt[name] ?? '') < HAND_ON_AGAIN_MS);
  return { ...rest, handedOn: pick(handedOn, names), handedOnAt: pick(handedOnAt, names) };
}

function pick(
  record: Readonly<Record<string, string>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const wanted = new Set(names);
  return Object.fromEntries(Object.entries(record).filter(([name]) => wanted.has(name)));
}

function describeLook(finds: readonly SourceFind[]): string {
  const count = finds.filter(({ change }) => change !== undefined).length;
  const faults = finds.filter(({ watched }) => watched.reason !== undefined).length;
  const unread = faults === 0 ? '' : `; ${faults} could not be read`;
  if (count === 0) return `No source asks for a rebuild${unread}`;
  return `${count} of ${finds.length} kmods ${count === 1 ? 'has' : 'have'} a new source${unread}`;
}

function summarize(
  finds: readonly SourceFind[],
  kernels: readonly RetainedKernel[],
): Omit<SourcesLook, 'message'> {
  const work = finds.flatMap((find) => find.work);
  return {
    changes: finds.flatMap(({ change }) => (change ? [describeSourceChange(change)] : [])),
    kernels: groupByKernel(work, kernels),
    work,
    unreadable: finds.flatMap(({ kmod, watched: { reason } }) =>
      reason === undefined ? [] : [{ kmod, reason }],
    ),
    unsettled: finds.filter(({ isUnsettled }) => isUnsettled).map(({ kmod }) => kmod),
  };
}

function groupByKernel(
  work: readonly SourceWork[],
  kernels: readonly RetainedKernel[],
): readonly KernelWork[] {
  return kernels.flatMap(({ kernel }) => {
    const cells = work.filter((cell) => nameCell(cell) === nameCell(kernel));
    const { stream, release } = kernel;
    return cells.length === 0
      ? []
      : [{ stream, release, kmods: cells.map(({ kmod }) => kmod).sort() }];
  });
}
