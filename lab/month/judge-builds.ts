import { type Need, nameBuild } from './expected-builds.ts';
import { evrOf } from './month-events.ts';

/** A build that was made or tried. */
export interface EndedBuild extends Need {
  readonly end: 'built' | 'failed';
  /** Milliseconds since the epoch. */
  readonly beganAtMs: number;
  readonly endedAtMs: number;
}

/** A machine has the newest package that it may have: older builds than these serve nobody. */
const SERVING_BUILDS = 3;
/** Between the plan of a rollout, which cannot know of a build that runs, and the first of its builds. */
const PLANNED_BEFORE_MS = 5_000;

/**
 * Judges builds by what needed them. Kernels of a flavour with the same CRCs for a kmod are a class: one build serves
 * them all, for whichever of them it was made. A kernel with a build of its own may get another one of a newer
 * source; what cannot compile is tried once. A kernel of a later look does not wait for builds that run.
 *
 * @param builds In the order in which they began.
 * @returns A sentence each, e.g. `built in vain: el default beta source 1 kernel 5.14.0-603.el9`.
 */
export function judgeBuilds(
  needs: readonly Need[],
  builds: readonly EndedBuild[],
): readonly string[] {
  const made = builds.filter(({ end }) => end === 'built');
  const tried = builds.filter(({ end }) => end === 'failed');
  return [
    ...needs.filter((need) => isMissing(need, made, tried)).map(say('not built')),
    ...made.filter((one, at) => isOwn(one, made.slice(0, at))).map(say('built more than once')),
    ...made.filter((one, at) => isInVain(one, needs, made.slice(0, at))).map(say('built in vain')),
    ...tried.filter((one, at) => isOwn(one, tried.slice(0, at))).map(say('tried more than once')),
    ...tried.filter((one) => !canFail(one) || !isOwn(one, needs)).map(say('tried in vain')),
  ];
}

function say(what: string): (need: Need) => string {
  return (need) => `${what}: ${nameBuild(need)}`;
}

function isMissing(need: Need, made: readonly Need[], tried: readonly Need[]): boolean {
  return canFail(need) ? !isOwn(need, tried) : !made.some((one) => fits(one, need));
}

/** Whether nobody needed a build, or one before it served already. */
function isInVain(
  build: EndedBuild,
  needs: readonly Need[],
  before: readonly EndedBuild[],
): boolean {
  if (!isOwn(build, needs)) return true;
  if (before.some((one) => isSameCell(one, build))) return false;
  const known = before.filter((one) => one.endedAtMs + PLANNED_BEFORE_MS < build.beganAtMs);
  return listServing(build, known).some((one) => fits(one, build));
}

/** Of what was made, the last builds for the newest kernels of a cell's flavour. */
function listServing(cell: Need, made: readonly Need[]): readonly Need[] {
  const newest = new Map(
    made.filter((one) => isSameLine(one, cell)).map((one) => [evrOf(one.known.kernel), one]),
  );
  return [...newest.values()]
    .sort((a, b) => b.known.kernel.number - a.known.kernel.number)
    .slice(0, SERVING_BUILDS);
}

/** Whether a build is of the source that a cell needs, and of its class. */
function fits(build: Need, cell: Need): boolean {
  const { kmod } = cell;
  return (
    isSameLine(build, cell) &&
    build.source === cell.source &&
    build.known.kernel.generations[kmod] === cell.known.kernel.generations[kmod]
  );
}

/** Whether the source does not compile for the kernel. */
function canFail({ known, kmod, source }: Need): boolean {
  return source < (known.kernel.oldestSource[kmod] ?? 1);
}

function isOwn(need: Need, others: readonly Need[]): boolean {
  return others.some((one) => isSameCell(one, need) && one.source === need.source);
}

function isSameCell(one: Need, other: Need): boolean {
  return isSameLine(one, other) && evrOf(one.known.kernel) === evrOf(other.known.kernel);
}

function isSameLine(one: Need, other: Need): boolean {
  return (
    one.kmod === other.kmod &&
    one.known.kernel.stream === other.known.kernel.stream &&
    one.known.flavour === other.known.flavour
  );
}
