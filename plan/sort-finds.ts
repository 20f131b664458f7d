import type { Kernel, KernelOffer } from '../model/kernel.ts';
import { compareEvr, formatEvr } from '../rpm/evr.ts';
import { newestKernels } from '../rpm/newest-kernels.ts';
import { findWithdrawn, nameLooked } from './judge-look.ts';

/** What a look that is believed means for each kernel. */
export interface LookFinds {
  /** How many of the newest kernels are offered with their kernel-devel. */
  readonly readyCount: number;
  /** Those of them that are not known yet, oldest first. */
  readonly fresh: readonly KernelOffer[];
  /** Kernels without their kernel-devel that would be taken with it, as `version-release`, oldest first. */
  readonly waiting: readonly string[];
  /** Kernels that are not taken because there are enough newer ones, as `version-release`, oldest first. */
  readonly surplus: readonly string[];
  /** Releases that are known and not offered any more. */
  readonly gone: readonly string[];
  /** Those of them that upstream took back. */
  readonly withdrawn: readonly string[];
}

/**
 * Sorts what a stream offers against what is known of it.
 *
 * A kernel whose kernel-devel has not come takes the place of none that has its own, however long it lags.
 *
 * @param offers Oldest first.
 */
export function sortFinds({
  offers,
  known,
  keepKernels,
}: {
  readonly offers: readonly KernelOffer[];
  readonly known: readonly Kernel[];
  readonly keepKernels: number;
}): LookFinds {
  const ready = newestKernels(
    offers.filter(({ devel }) => devel !== undefined),
    keepKernels,
  );
  const names = new Set(known.map(nameLooked));
  const offered = new Set(offers.map(nameLooked));
  const waiting = offers.filter(
    (offer) =>
      offer.devel === undefined &&
      !names.has(nameLooked(offer)) &&
      wouldBeTaken(offer, ready, keepKernels),
  );
  return {
    readyCount: ready.length,
    fresh: ready.filter((offer) => !names.has(nameLooked(offer))),
    waiting: nameEach(waiting),
    surplus: nameEach(
      offers.filter((offer) => {
        const isTaken = names.has(nameLooked(offer)) || ready.includes(offer);
        return !isTaken && !waiting.includes(offer);
      }),
    ),
    gone: known.filter((kernel) => !offered.has(nameLooked(kernel))).map(({ release }) => release),
    withdrawn: findWithdrawn(known, offers).map(({ release }) => release),
  };
}

/** Flavours of one EVR are named once. */
function nameEach(offers: readonly KernelOffer[]): readonly string[] {
  return [...new Set(offers.map(({ evr }) => formatEvr(evr)))];
}

function wouldBeTaken(
  { flavour, evr }: KernelOffer,
  ready: readonly KernelOffer[],
  keepKernels: number,
): boolean {
  const own = ready.filter((offer) => offer.flavour === flavour);
  const [oldest] = own;
  return own.length < keepKernels || !oldest || compareEvr(evr, oldest.evr) > 0;
}
