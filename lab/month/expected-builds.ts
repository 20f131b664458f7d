import { flavoursOf } from './kernel-releases.ts';
import { evrOf, type MonthEvent, type ScriptedKernel } from './month-events.ts';
import { MONTH_KMODS, MONTH_STREAMS } from './month-streams.ts';

/** A kernel of the script in one flavour, as rekmod knows it. */
export interface KnownKernel {
  readonly kernel: ScriptedKernel;
  readonly flavour: string;
}

/** What had to be built, by the script's own knowledge of which kernel changed what for whom; see {@link nameBuild}. */
export interface ExpectedBuilds {
  readonly built: ReadonlySet<string>;
  /** Builds that cannot succeed, and are tried once. */
  readonly failed: ReadonlySet<string>;
}

/** A build that was made, of one version of a kmod's source. */
interface Made {
  readonly known: KnownKernel;
  readonly kmod: string;
  readonly source: number;
}

/** A machine has the newest package that it may have: older builds than these serve nobody. */
const SERVING_BUILDS = 3;

/**
 * Works out what had to be built. A kernel with the CRCs of one before it is served by what was built for that one of
 * the same source; else there is one build for it. A new version of a source is for the kernels that are kept built
 * at its time, newest first: those with a build of their own get another one, the others only where none fits.
 *
 * @param isKnown Whether rekmod ever took a kernel: what it did not take is counted elsewhere.
 */
export function listExpectedBuilds(
  events: readonly MonthEvent[],
  isKnown: (known: KnownKernel) => boolean,
): ExpectedBuilds {
  const built = new Set<string>();
  const failed = new Set<string>();
  const made: Made[] = [];
  for (const need of listNeeds(events, isKnown)) {
    const name = nameBuild(need.known, need.kmod, need.source);
    if (isServed(need, made)) continue;
    if (need.source < (need.known.kernel.oldestSource[need.kmod] ?? 1)) {
      failed.add(name);
      continue;
    }
    built.add(name);
    made.push(need);
  }
  return { built, failed };
}

/** Whether what was made before serves a cell. */
function isServed({ known, kmod, source }: Made, made: readonly Made[]): boolean {
  const line = made.filter(
    (one) =>
      one.kmod === kmod &&
      one.known.kernel.stream === known.kernel.stream &&
      one.known.flavour === known.flavour,
  );
  const newest = new Map(line.map((one) => [evrOf(one.known.kernel), one]));
  const own = newest.get(evrOf(known.kernel));
  if (own) return own.source === source;
  return [...newest.values()]
    .sort((a, b) => b.known.kernel.number - a.known.kernel.number)
    .slice(0, SERVING_BUILDS)
    .some(
      (one) =>
        one.source === source &&
        one.known.kernel.generations[kmod] === known.kernel.generations[kmod] &&
        one.source >= (known.kernel.oldestSource[kmod] ?? 1),
    );
}

function listNeeds(
  events: readonly MonthEvent[],
  isKnown: (known: KnownKernel) => boolean,
): readonly Made[] {
  const sources = new Map(MONTH_KMODS.map(({ name }) => [name, 1]));
  let kernels: readonly KnownKernel[] = [];
  return events.flatMap((event): readonly Made[] => {
    if (event.kind === 'release') {
      const fresh = flavoursOf(event.kernel.stream)
        .map((flavour) => ({ kernel: event.kernel, flavour }))
        .filter(isKnown);
      kernels = [...kernels, ...fresh];
      return fresh.flatMap((known) =>
        kmodsOf(known).map((kmod) => ({ known, kmod, source: sources.get(kmod) ?? 1 })),
      );
    }
    if (event.kind !== 'source') return [];
    const { kmod, version: source } = event;
    sources.set(kmod, source);
    return listKept(kernels)
      .filter((known) => kmodsOf(known).includes(kmod))
      .map((known) => ({ known, kmod, source }));
  });
}

/** The newest kernels of each flavour, as many as are kept built; newest first. */
function listKept(kernels: readonly KnownKernel[]): readonly KnownKernel[] {
  return MONTH_STREAMS.flatMap(({ name, flavours, keepKernels }) =>
    flavours.flatMap((flavour) =>
      kernels
        .filter((known) => known.kernel.stream === name && known.flavour === flavour)
        .slice(-keepKernels)
        .reverse(),
    ),
  );
}

function kmodsOf({ kernel }: KnownKernel): readonly string[] {
  return Object.keys(kernel.generations);
}

/** Names a build, e.g. `el default beta source 1 kernel 5.14.0-601.el9`. */
export function nameBuild({ kernel, flavour }: KnownKernel, kmod: string, source: number): string {
  return `${kernel.stream} ${flavour} ${kmod} source ${source} kernel ${evrOf(kernel)}`;
}
