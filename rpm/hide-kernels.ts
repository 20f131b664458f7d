import type { Evr, Nevra } from '../model/kernel.ts';
import { formatEvr } from './evr.ts';
import { type KernelSearch, listKernelNames, namesOfFamily } from './kernels.ts';
import { formatNevra } from './nevra.ts';
import type { PackageEntry } from './package-entry.ts';

/** What tells a package's kernel. */
export type KernelPart = Pick<
  PackageEntry,
  'name' | 'arch' | 'epoch' | 'version' | 'release' | 'sourceRpm'
>;

/** A kernel that is listed. */
export interface ShownKernel {
  readonly flavour: string;
  readonly evr: Evr;
  /** Its build tree, whose release may have another rebuild counter (SUSE). */
  readonly devel?: Nevra;
}

/** Tells which packages of a stream are not listed. */
export type HiddenTest = (part: KernelPart) => boolean;

/**
 * Finds out which packages of a stream belong to kernels that are not listed: those with a name of the family
 * whose kernel is not among the shown ones, and everything that was built from the same source package, so
 * that all subpackages of a kernel come together. What nobody has decided about is not shown.
 *
 * Where one source package has several followed flavours, all of them must be shown for any to be.
 *
 * @param parts All packages of all repositories of the stream.
 */
export function findHiddenKernels(
  parts: Iterable<KernelPart>,
  search: Pick<KernelSearch, 'family' | 'arch'>,
  shown: readonly ShownKernel[],
): HiddenTest {
  const names = namesOfFamily(search.family);
  const shownNames = new Set(
    shown.flatMap(({ flavour, evr, devel }) => [
      ...listKernelNames(search.family, flavour).map((name) => `${name} ${formatEvr(evr)}`),
      ...(devel === undefined ? [] : [`${devel.name} ${formatEvr(devel)}`]),
    ]),
  );
  const isShown = (part: KernelPart): boolean =>
    part.arch === search.arch && shownNames.has(`${part.name} ${formatEvr(part)}`);
  const hiddenSources = new Set<string>();
  const shownSources = new Set<string>();
  for (const part of parts) {
    if (!names.has(part.name) || part.sourceRpm === undefined) continue;
    if (isShown(part)) shownSources.add(part.sourceRpm);
    else if (part.arch === search.arch) hiddenSources.add(part.sourceRpm);
  }
  return (part) => {
    const source = part.sourceRpm;
    if (source !== undefined && hiddenSources.has(source)) return true;
    if (!names.has(part.name) || isShown(part)) return false;
    return source === undefined || !shownSources.has(source);
  };
}

/** Names packages for a set, e.g. to find those of an advisory. */
export function nameOfPart(part: Omit<KernelPart, 'sourceRpm'>): string {
  return formatNevra(part);
}
