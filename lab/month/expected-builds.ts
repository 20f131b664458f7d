import { flavoursOf } from './kernel-releases.ts';
import { evrOf, type MonthEvent, type ScriptedKernel } from './month-events.ts';
import { MONTH_KMODS, MONTH_STREAMS } from './month-streams.ts';

/** A kernel of the script in one flavour, as rekmod knows it. */
export interface KnownKernel {
  readonly kernel: ScriptedKernel;
  readonly flavour: string;
}

/** A kernel and a kmod that must have a build of one version of the kmod's source: of its own, or one that serves it. */
export interface Need {
  readonly known: KnownKernel;
  readonly kmod: string;
  readonly source: number;
}

/**
 * Lists what needs a build, by the script's own knowledge: each kernel when it comes, and when a new version of a
 * source comes, each that is kept built then.
 *
 * @param isKnown Whether rekmod ever took a kernel: what it did not take is counted elsewhere.
 */
export function listNeeds(
  events: readonly MonthEvent[],
  isKnown: (known: KnownKernel) => boolean,
): readonly Need[] {
  const sources = new Map(MONTH_KMODS.map(({ name }) => [name, 1]));
  let kernels: readonly KnownKernel[] = [];
  return events.flatMap((event): readonly Need[] => {
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
export function nameBuild({ known: { kernel, flavour }, kmod, source }: Need): string {
  return `${kernel.stream} ${flavour} ${kmod} source ${source} kernel ${evrOf(kernel)}`;
}
