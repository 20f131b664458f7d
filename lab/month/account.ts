import type { EndedRebuild } from './ask-temporal.ts';
import { type KnownKernel, listNeeds, type Need } from './expected-builds.ts';
import { type EndedBuild, judgeBuilds } from './judge-builds.ts';
import { countOffers, findMissed, type MissedKernels, nameKernel } from './judge-offers.ts';
import { indexKernels } from './kernel-releases.ts';
import { evrOf, type MonthEvent } from './month-events.ts';
import type { MonthLog } from './month-log.ts';

/** What a month is accounted for by. */
export interface AccountFacts {
  readonly events: readonly MonthEvent[];
  readonly polls: number;
  readonly log: MonthLog;
  readonly rebuilds: readonly EndedRebuild[];
}

/** How a month went. */
export interface Account extends MissedKernels {
  readonly kernelCount: number;
  readonly buildCount: number;
  /** A sentence each: what was built in vain, twice, or not at all. */
  readonly wrongBuilds: readonly string[];
}

const ENDED = ['built', 'kept', 'failed', 'blocked', 'excluded', 'withheld'];

/** Accounts for every kernel and every build of a month. */
export function accountFor({ events, polls, log, rebuilds }: AccountFacts): Account {
  const kernels = indexKernels(events);
  const isKnown = (known: KnownKernel): boolean => log.hasKernel(nameKernel(known));
  const missed = findMissed(countOffers(events, polls), {
    isDone: (known) => isKnown(known) && isEnded(known, log),
    explain: (known) => log.find(known.kernel.stream, evrOf(known.kernel)),
  });
  return {
    ...missed,
    unexplained: [...missed.unexplained, ...findWordless(kernels, log)],
    kernelCount: log.kernelCount,
    buildCount: rebuilds.length,
    wrongBuilds: judgeRebuilds(listNeeds(events, isKnown), rebuilds, kernels),
  };
}

/** Whether all kmods of a kernel came to an end. */
function isEnded(known: KnownKernel, log: MonthLog): boolean {
  const cells = log.cellsOf(nameKernel(known));
  return Object.keys(known.kernel.generations).every((kmod) =>
    cells.some((cell) => cell.kmod === kmod && ENDED.includes(cell.state)),
  );
}

/** Cells that did not come to a good end, and of which nothing is said. */
function findWordless(kernels: ReadonlyMap<string, KnownKernel>, log: MonthLog): readonly string[] {
  return [...kernels.keys()].flatMap((name) =>
    log
      .cellsOf(name)
      .filter(({ state }) => state !== 'built' && state !== 'kept')
      .filter(({ state, sentence }) => !ENDED.includes(state) || sentence === '')
      .map(({ kmod, state }) => `${name} ${kmod}: ${state} without a word`),
  );
}

function judgeRebuilds(
  needs: readonly Need[],
  rebuilds: readonly EndedRebuild[],
  kernels: ReadonlyMap<string, KnownKernel>,
): readonly string[] {
  const ordered = [...rebuilds].sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  const read = ordered.map((rebuild) => ({ rebuild, build: readRebuild(rebuild, kernels) }));
  return [
    ...judgeBuilds(
      needs,
      read.flatMap(({ build }) => build ?? []),
    ),
    ...read
      .filter(({ build }) => build === undefined)
      .map(({ rebuild: { stream, release, kmod, status, outcome } }) => {
        return `ended otherwise: ${stream} ${release} ${kmod}: ${outcome?.kind ?? status}`;
      }),
  ];
}

/** @returns undefined if it ended neither with packages nor with a failure of the kmod. */
function readRebuild(
  { kmod, stream, release, outcome, startedAt, endedAt }: EndedRebuild,
  kernels: ReadonlyMap<string, KnownKernel>,
): EndedBuild | undefined {
  const known = kernels.get(`${stream} ${release}`);
  if (!known || !outcome) return undefined;
  const times = { beganAtMs: startedAt.getTime(), endedAtMs: endedAt.getTime() };
  if (outcome.kind === 'published') {
    const source = Number.parseInt(outcome.packages?.[0]?.nevra.version ?? '0', 10);
    return { known, kmod, source, end: 'built', ...times };
  }
  if (outcome.kind !== 'failed') return undefined;
  // A failure says nothing of the source; it was the newest that does not compile there.
  const source = (known.kernel.oldestSource[kmod] ?? 1) - 1;
  return { known, kmod, source, end: 'failed', ...times };
}
