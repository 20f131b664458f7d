import { SEVERITIES, type Severity } from '../model/gate.ts';
import type { Kernel } from '../model/kernel.ts';
import { compareEvr } from '../rpm/evr.ts';

/** A kernel that there is work for. */
export interface WaitingKernel extends Pick<Kernel, 'flavour' | 'evr'> {
  /** What it is called in the order. */
  readonly name: string;
  /** The gravest security advisory that brings it; absent where none does. */
  readonly severity?: Severity;
  /** Whether a required kmod is among the work. */
  readonly hasRequired: boolean;
}

/** How urgent the work on a kernel is, most urgent first. */
export const URGENCIES = ['security', 'required', 'optional', 'backfill'] as const;
export type Urgency = (typeof URGENCIES)[number];

/**
 * Orders kernels that wait for work: security, required, optional, backfill; within a class the newest first.
 *
 * - `security`: an advisory brings it, or one of the older kernels that wait with it: machines that go to the newest get
 *   the fix as well.
 * - `required`, `optional`: the newest kernel of its flavour, with or without a required kmod.
 * - `backfill`: an older one, for machines that stay behind.
 *
 * @param known All kernels of the stream by flavour, those that wait included or not.
 */
export function orderKernels(
  waiting: readonly WaitingKernel[],
  known: readonly Pick<Kernel, 'flavour' | 'evr'>[],
): readonly WaitingKernel[] {
  const ranked = waiting.map((kernel) => {
    const urgency = judgeUrgency(kernel, { waiting, known });
    return { kernel, rank: URGENCIES.indexOf(urgency) };
  });
  return ranked
    .sort((a, b) => a.rank - b.rank || compareWithin(a.kernel, b.kernel))
    .map(({ kernel }) => kernel);
}

/** See {@link orderKernels}. */
export function judgeUrgency(
  { flavour, evr, severity, hasRequired }: WaitingKernel,
  {
    waiting,
    known,
  }: {
    readonly waiting: readonly WaitingKernel[];
    readonly known: readonly Pick<Kernel, 'flavour' | 'evr'>[];
  },
): Urgency {
  if (severity !== undefined) return 'security';
  const isNewest = [...waiting, ...known].every(
    (other) => other.flavour !== flavour || compareEvr(other.evr, evr) <= 0,
  );
  if (!isNewest) return 'backfill';
  const bringsFix = waiting.some(
    (other) => other.flavour === flavour && other.severity !== undefined,
  );
  if (bringsFix) return 'security';
  return hasRequired ? 'required' : 'optional';
}

/** Kernels of one urgency: newest first; of one version as their advisories, flavours and names say. */
function compareWithin(a: WaitingKernel, b: WaitingKernel): number {
  return (
    compareEvr(b.evr, a.evr) ||
    rankSeverity(a) - rankSeverity(b) ||
    compareText(a.flavour, b.flavour) ||
    compareText(a.name, b.name)
  );
}

function rankSeverity({ severity }: WaitingKernel): number {
  return severity === undefined ? SEVERITIES.length : SEVERITIES.indexOf(severity);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
