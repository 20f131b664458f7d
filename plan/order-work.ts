import type { Kernel, KernelOffer } from '../model/kernel.ts';
import { formatEvr } from '../rpm/evr.ts';

type Stored = Pick<Kernel, 'release' | 'arch'> & Partial<Pick<Kernel, 'flavour'>>;

/** A kernel that a look found work for. */
export type KernelWork =
  | { readonly kind: 'new'; readonly offer: KernelOffer }
  | (Stored & { readonly kind: 'unfinished' })
  | (Stored & { readonly kind: 'due'; readonly kmods: readonly string[] });

/** What a look found, by kind, and in which order it is to be done. */
export interface FoundWork {
  readonly newKernels: readonly KernelOffer[];
  readonly unfinished: readonly Stored[];
  readonly due?: readonly (Stored & { readonly kmods: readonly string[] })[];
  /** Names of kernels; see {@link nameOfWork}. */
  readonly order?: readonly string[];
}

/** What a kernel is called in the order of a look: by its release, as long as it has none by flavour and version. */
export function nameOfWork(work: KernelWork): string {
  return work.kind === 'new' ? nameOffer(work.offer) : work.release;
}

/** See {@link nameOfWork}; e.g. `default 0:6.1.0-55`. */
export function nameOffer({ flavour, evr }: Pick<KernelOffer, 'flavour' | 'evr'>): string {
  return `${flavour} ${formatEvr(evr)}`;
}

/** Lists what a look found in the order in which it is to be done; what the order does not name comes last. */
export function orderWork({
  newKernels,
  unfinished,
  due = [],
  order = [],
}: FoundWork): readonly KernelWork[] {
  const all: readonly KernelWork[] = [
    ...unfinished.map((kernel) => ({ kind: 'unfinished', ...kernel }) as const),
    ...due.map((kernel) => ({ kind: 'due', ...kernel }) as const),
    ...newKernels.map((offer) => ({ kind: 'new', offer }) as const),
  ];
  const places = new Map(order.map((name, place) => [name, place]));
  const placeOf = (work: KernelWork): number => places.get(nameOfWork(work)) ?? order.length;
  return all.toSorted((a, b) => placeOf(a) - placeOf(b));
}
