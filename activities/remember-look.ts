import { createHash } from 'node:crypto';
import type { Kernel } from '../model/kernel.ts';
import type { Stream } from '../model/settings.ts';
import type { Sha256Hex } from '../model/store.ts';
import type { LookAcceptance, LookedKernel, Quarantine } from '../model/stream-watch.ts';
import { nameLooked } from '../plan/judge-look.ts';
import type { LookFinds } from '../plan/sort-finds.ts';
import { formatEvr } from '../rpm/evr.ts';
import type { StreamRecord } from './stream-record.ts';

/** A look that succeeded. */
export interface GoodLook extends Pick<StreamRecord, 'message' | 'lookedAt'> {
  /** Of a look that found nothing changed: what was seen may have moved to another mirror. */
  readonly validators?: StreamRecord['validators'];
  /** Of a look that has read everything. */
  readonly finds?: LookFinds;
  readonly accepted?: NonNullable<StreamRecord['accepted']>;
}

/** A look that failed, or is not believed. */
export interface FailedLook extends Pick<StreamRecord, 'message' | 'lookedAt'> {
  readonly quarantine?: Quarantine;
}

const NOTHING = { validators: {}, waitingForDevel: [] } as const;

/** What is remembered after a good look. */
export function afterGoodLook(
  before: StreamRecord | undefined,
  { finds, ...look }: GoodLook,
): StreamRecord {
  const { lookedAt } = look;
  return {
    ...(before ?? NOTHING),
    ...look,
    ...{ isOk: true, lastGoodAt: lookedAt, failingSince: undefined, quarantine: undefined },
    ...(finds ? toRecord(finds, before ?? NOTHING, lookedAt) : {}),
  };
}

/** What is remembered after a look that failed: everything that was, and that it failed. */
export function afterFailedLook(before: StreamRecord | undefined, look: FailedLook): StreamRecord {
  const failingSince = before?.failingSince ?? look.lookedAt;
  return { ...(before ?? NOTHING), ...look, isOk: false, failingSince };
}

/** What is remembered once somebody believes the look in quarantine: what it lost is not missed any more. */
export function afterAcceptance(
  { quarantine: { lost, sentence }, ...before }: StreamRecord & { readonly quarantine: Quarantine },
  {
    known,
    settingsDigest,
    ...signature
  }: Omit<LookAcceptance, 'sentence'> & {
    readonly known: readonly Kernel[];
    readonly settingsDigest: Sha256Hex;
  },
): StreamRecord {
  const names = new Set(lost.map(nameLooked));
  const offered = listOffered(before, known).filter((kernel) => !names.has(nameLooked(kernel)));
  return {
    ...before,
    validators: {},
    accepted: { settingsDigest, offered, revisions: {} },
    acceptance: { ...signature, sentence },
  };
}

/** What is remembered of kernels, each with the first look that found it so. */
function toRecord(
  { gone, withdrawn, waiting, fresh }: LookFinds,
  { goneSince, waitingSince, notStored = {} }: Partial<StreamRecord>,
  lookedAt: string,
): Pick<
  StreamRecord,
  'goneSince' | 'withdrawn' | 'waitingForDevel' | 'waitingSince' | 'notStored'
> {
  const since = (names: readonly string[], before: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(names.map((name) => [name, before[name] ?? lookedAt]));
  const offered = new Set(fresh.map(({ evr }) => formatEvr(evr)));
  const still = Object.entries(notStored).filter(([evr]) => offered.has(evr));
  return {
    goneSince: since(gone, goneSince),
    withdrawn,
    waitingForDevel: waiting,
    waitingSince: since(waiting, waitingSince),
    notStored: Object.fromEntries(still),
  };
}

/** Leaves out what was remembered of another configuration: it proves nothing about this one. */
export function takeComparable(
  record: StreamRecord,
  stream: Stream,
  known: readonly Kernel[],
): StreamRecord {
  const { accepted, quarantine, validators, ...rest } = record;
  const settingsDigest = digestSettings(stream);
  const isSame = rest.settingsDigest === settingsDigest;
  const isComparable = accepted ? accepted.settingsDigest === settingsDigest : isSame;
  const offered = listOffered(record, known);
  return {
    ...rest,
    validators: isSame ? validators : {},
    ...(isComparable ? { accepted: { settingsDigest, revisions: {}, ...accepted, offered } } : {}),
    ...(quarantine?.settingsDigest === digestRules(stream) ? { quarantine } : {}),
  };
}

/** What the last accepted look offered; of records that do not say it, what was known and not gone. */
function listOffered(
  { accepted, goneSince = {} }: StreamRecord,
  known: readonly Kernel[],
): readonly LookedKernel[] {
  return accepted?.offered ?? known.filter(({ release }) => !(release in goneSince));
}

/** What a look depends on besides the repositories; when it changes, an unchanged mirror says nothing. */
export function digestSettings(stream: Stream): Sha256Hex {
  const { urls, mirrors, arch, family, trust, keepKernels } = stream;
  const parts = [urls, arch, family, trust, keepKernels, ...(mirrors ? [mirrors] : [])];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** What a judgement depends on besides: somebody who raises the bound wants to be judged anew. */
export function digestRules(stream: Stream): Sha256Hex {
  const text = JSON.stringify([digestSettings(stream), stream.maxLost]);
  return createHash('sha256').update(text).digest('hex');
}
