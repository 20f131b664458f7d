import type { EndedRebuild } from './ask-temporal.ts';
import {
  type ExpectedBuilds,
  type KnownKernel,
  listExpectedBuilds,
  nameBuild,
} from './expected-builds.ts';
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
  const expected = listExpectedBuilds(events, isKnown);
  return {
    ...missed,
    unexplained: [...missed.unexplained, ...findWordless(kernels, log)],
    kernelCount: log.kernelCount,
    buildCount: rebuilds.length,
    wrongBuilds: compareBuilds(expected, nameRebuilds(rebuilds, kernels)),
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

interface NamedBuild {
  readonly name: string;
  readonly end: 'built' | 'failed' | 'other';
}

function nameRebuilds(
  rebuilds: readonly EndedRebuild[],
  kernels: ReadonlyMap<string, KnownKernel>,
): readonly NamedBuild[] {
  return rebuilds.map(({ kmod, stream, release, status, outcome }) => {
    const known = kernels.get(`${stream} ${release}`);
    const cell = `${stream} ${release} ${kmod}`;
    if (!known || !outcome) return { name: `${cell}: ${status}`, end: 'other' };
    if (outcome.kind === 'published') {
      const source = Number.parseInt(outcome.packages?.[0]?.nevra.version ?? '0', 10);
      return { name: nameBuild(known, kmod, source), end: 'built' };
    }
    if (outcome.kind !== 'failed') return { name: `${cell}: ${outcome.kind}`, end: 'other' };
    // A failure says nothing of the source; it was the newest that does not compile there.
    const source = (known.kernel.oldestSource[kmod] ?? 1) - 1;
    return { name: nameBuild(known, kmod, source), end: 'failed' };
  });
}

function compareBuilds(
  expected: ExpectedBuilds,
  rebuilds: readonly NamedBuild[],
): readonly string[] {
  const names = (end: NamedBuild['end']): readonly string[] =>
    rebuilds.filter((one) => one.end === end).map(({ name }) => name);
  return [
    ...compareNames('built', expected.built, names('built')),
    ...compareNames('tried', expected.failed, names('failed')),
    ...names('other').map((name) => `ended otherwise: ${name}`),
  ];
}

function compareNames(
  verb: string,
  expected: ReadonlySet<string>,
  found: readonly string[],
): readonly string[] {
  const there = new Set(found);
  return [
    ...[...expected].filter((name) => !there.has(name)).map((name) => `not ${verb}: ${name}`),
    ...[...there].filter((name) => !expected.has(name)).map((name) => `${verb} in vain: ${name}`),
    ...[...there]
      .filter((name) => found.filter((one) => one === name).length > 1)
      .map((name) => `${verb} more than once: ${name}`),
  ];
}
