import { LookQuarantinedError } from '../model/activity-errors.ts';
import { CommandRefusedError } from '../model/command-errors.ts';
import type { Kernel, KernelOffer } from '../model/kernel.ts';
import type { Stream } from '../model/settings.ts';
import type { Quarantine, SeenRepository } from '../model/stream-watch.ts';
import { sortFinds } from '../plan/sort-finds.ts';
import { describeLook, describeQuarantine } from '../report/describe-look.ts';
import { newestKernels } from '../rpm/newest-kernels.ts';
import type { DataDirectory } from './data-directory.ts';
import type { DeferDeps } from './defer-plan.ts';
import { type DueKernel, findDueKernels } from './find-due-kernels.ts';
import { withHeartbeat } from './heartbeat.ts';
import { readStream, type StreamContent } from './look-at-stream.ts';
import { createOneAtATime } from './one-at-a-time.ts';
import { orderLook } from './order-look.ts';
import { keepEvidence } from './quarantine.ts';
import {
  afterAcceptance,
  afterFailedLook,
  afterGoodLook,
  digestRules,
  digestSettings,
  type GoodLook,
  takeComparable,
} from './remember-look.ts';
import { requireNamed } from './require-named.ts';

/** A kernel of a stream that is in the store. */
export type StoredKernel = Pick<Kernel, 'release' | 'arch'> & Partial<Pick<Kernel, 'flavour'>>;

/** What a look found. */
export interface StreamLook {
  /** One sentence, e.g. `2 kernels are new, 1 waits for its kernel-devel`. */
  readonly message: string;
  readonly isChanged: boolean;
  /** Kernels that are not in the store yet, oldest first; their kernel-devel is there. */
  readonly newKernels: readonly KernelOffer[];
  /** Kernels in the store whose rollout has not come to its end, oldest first. */
  readonly unfinished: readonly StoredKernel[];
  /** Kernels some of whose cells are to be tried again; absent in histories of before they were. */
  readonly due?: readonly DueKernel[];
  /**
   * The names of all of these, most urgent first; see {@link orderLook}. Absent in histories of before there was an
   * order: what is not done first, then what is new.
   */
  readonly order?: readonly string[];
  /** To be given to {@link WatchActivities.acknowledgeLook} once the kernels are handed on. */
  readonly validators: Readonly<Record<string, SeenRepository>>;
}

export interface WatchDeps extends DeferDeps {
  readonly data: DataDirectory;
  /** Called when something that the status page shows has changed. */
  readonly onChange: () => void;
}

/** Work of a stream that needs no look at its repositories. */
export type StoredWork = Required<Pick<StreamLook, 'unfinished' | 'due' | 'order'>>;

/** See {@link watchActivities}. */
export type WatchActivities = ReturnType<typeof watchActivities>;

/** Activities of the first station: what does a stream offer that rekmod does not know? */
export function watchActivities(deps: WatchDeps) {
  const { records } = deps;
  const oneAtATime = createOneAtATime();

  /**
   * Looks at a stream's repositories. Nothing is remembered of a look that found something until
   * {@link acknowledgeLook}: a crash in between looks again.
   *
   * @throws {LookQuarantinedError} If it lost too much to be believed; what was known before it stands.
   */
  async function lookAtStream({ stream: name }: { readonly stream: string }): Promise<StreamLook> {
    const stream = requireNamed(deps.settings.streams, 'look at', 'stream', name);
    return await oneAtATime(name, async () => {
      try {
        return await withHeartbeat(async (signal) => {
          const look = await lookAt(stream, deps, signal);
          return { ...look, ...(await addDue(stream, look, { ...deps, signal })) };
        });
      } catch (error) {
        if (!(error instanceof LookQuarantinedError)) await rememberFailure(name, error, deps);
        throw error;
      } finally {
        deps.onChange();
      }
    });
  }

  /** Remembers that everything of a look was handed on, so that the next one may be conditional. */
  async function acknowledgeLook(input: {
    readonly stream: string;
    readonly validators: Readonly<Record<string, SeenRepository>>;
  }): Promise<void> {
    const stream = requireNamed(deps.settings.streams, 'look at', 'stream', input.stream);
    const { validators } = input;
    const settingsDigest = digestSettings(stream);
    await records.updateStream(
      stream.name,
      (record) => record && { ...record, validators, settingsDigest },
    );
  }

  /**
   * Believes the look that is in quarantine: what it lost is not missed any more. The next look is judged anew.
   *
   * @throws {CommandRefusedError} If none is.
   */
  async function acceptLook(input: {
    readonly stream: string;
    readonly by: string;
    readonly why: string;
  }): Promise<void> {
    const { stream: name, by, why } = input;
    const stream = requireNamed(deps.settings.streams, 'accept a look at', 'stream', name);
    const settingsDigest = digestSettings(stream);
    const at = deps.now().toISOString();
    await oneAtATime(name, async () => {
      const known = await records.listKernels(name);
      await records.updateStream(name, (record) => {
        const { quarantine } = record ?? {};
        if (record && quarantine) {
          return afterAcceptance({ ...record, quarantine }, { by, why, at, known, settingsDigest });
        }
        const detail = 'expected one in quarantine, found none';
        throw new CommandRefusedError(`accept the look at "${name}"`, detail);
      });
      deps.onChange();
    });
  }

  /** Finds the work on kernels that are in the store: it must not wait for a mirror that is away. */
  async function findStoredWork({
    stream: name,
  }: {
    readonly stream: string;
  }): Promise<StoredWork> {
    const stream = requireNamed(deps.settings.streams, 'look at', 'stream', name);
    return await withHeartbeat(async (signal) => {
      const unfinished = await findUnfinished(stream, await records.listKernels(name), deps);
      const due = await addDue(stream, { newKernels: [], unfinished }, { ...deps, signal });
      return { unfinished, ...due };
    });
  }

  return { lookAtStream, acknowledgeLook, acceptLook, findStoredWork };
}

async function lookAt(stream: Stream, deps: WatchDeps, signal: AbortSignal): Promise<StreamLook> {
  const { name } = stream;
  const known = await deps.records.listKernels(name);
  const before = await deps.records.readStream(name);
  const record = before && takeComparable(before, stream, known);
  const content = await readStream(stream, { ...deps, record, signal });
  const unfinished = await findUnfinished(stream, known, deps);
  const lookedAt = deps.now().toISOString();
  if (content.kind === 'unchanged') {
    if (record?.quarantine) return await refuse(stream, record.quarantine, { deps, lookedAt });
    const { seen: validators, faults } = content;
    const message = describeLook({ kind: 'unchanged', unfinished, faults });
    await rememberGood(name, { message, lookedAt, validators }, deps);
    return { message, isChanged: false, newKernels: [], unfinished, validators };
  }
  const { judgement, seen } = content;
  if (judgement.kind === 'accepted') {
    return await believe(stream, content, { deps, known, unfinished, lookedAt });
  }
  const since = record?.quarantine?.since ?? lookedAt;
  const evidence = await keepEvidence({ stream: name, content, judgement, lookedAt }, deps.data);
  const quarantine = { ...judgement, since, evidence, seen, settingsDigest: digestRules(stream) };
  return await refuse(stream, quarantine, { deps, lookedAt });
}

interface Belief {
  readonly deps: WatchDeps;
  readonly known: readonly Kernel[];
  readonly unfinished: readonly StoredKernel[];
  readonly lookedAt: string;
}

async function believe(
  stream: Stream,
  { offers, seen, faults, repomds }: Extract<StreamContent, { kind: 'read' }>,
  { deps, known, unfinished, lookedAt }: Belief,
): Promise<StreamLook> {
  const finds = sortFinds({ offers, known, keepKernels: stream.keepKernels });
  const message = describeLook({ kind: 'read', ...finds, unfinished, faults });
  const accepted = {
    settingsDigest: digestSettings(stream),
    offered: offers.map(({ flavour, evr }) => ({ flavour, evr })),
    revisions: Object.fromEntries(
      Object.entries(repomds).map(([url, { revision }]) => [url, revision]),
    ),
  };
  await rememberGood(stream.name, { message, lookedAt, finds, accepted }, deps);
  return { message, isChanged: true, newKernels: finds.fresh, unfinished, validators: seen };
}

/** Remembers a look that is not believed: an alarm, and nothing else changes. */
async function refuse(
  { name }: Stream,
  quarantine: Quarantine,
  { deps, lookedAt }: { readonly deps: WatchDeps; readonly lookedAt: string },
): Promise<never> {
  const error = new LookQuarantinedError(name, describeQuarantine(name, quarantine));
  const failed = { lookedAt, message: error.message, quarantine };
  await deps.records.updateStream(name, (before) => afterFailedLook(before, failed));
  throw error;
}

async function rememberGood(name: string, look: GoodLook, { records }: WatchDeps): Promise<void> {
  await records.updateStream(name, (before) => afterGoodLook(before, look));
}

async function rememberFailure(name: string, error: unknown, deps: WatchDeps): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const failed = { lookedAt: deps.now().toISOString(), message };
  await deps.records.updateStream(name, (before) => afterFailedLook(before, failed));
}

/** What comes to its time again without any change of the stream, and the order of it all. */
async function addDue(
  stream: Stream,
  { newKernels, unfinished }: Pick<StreamLook, 'newKernels' | 'unfinished'>,
  deps: WatchDeps & { readonly signal: AbortSignal },
): Promise<Required<Pick<StreamLook, 'due' | 'order'>>> {
  const known = await deps.records.listKernels(stream.name);
  const kept = newestKernels(known, stream.keepKernels).filter(
    ({ release }) => !unfinished.some((kernel) => kernel.release === release),
  );
  const due = await findDueKernels(stream, { known, kept }, deps);
  const order = await orderLook(stream, { newKernels, unfinished, due }, { ...deps, known });
  return { due, order };
}

/**
 * Finds kernels in the store that are not done with: their rollout was never ended, or before some
 * kmod was configured. One that runs just now is among them; starting it again does nothing.
 */
async function findUnfinished(
  { name, keepKernels }: Stream,
  known: readonly Kernel[],
  { settings, records }: WatchDeps,
): Promise<readonly StoredKernel[]> {
  const kmods = settings.kmods.filter(({ streams }) => streams.includes(name));
  const unfinished: StoredKernel[] = [];
  for (const { release, arch, flavour } of newestKernels(known, keepKernels)) {
    const rollout = await records.readRollout({ stream: name, release });
    if (!kmods.every((kmod) => rollout?.kmods.includes(kmod.name))) {
      unfinished.push({ release, arch, flavour });
    }
  }
  return unfinished;
}
