import type { KernelOffer, RepositoryPackage } from '../model/kernel.ts';
import type { PackageFamily } from '../model/settings.ts';
import { compareEvr, formatEvr } from './evr.ts';

/** Which kernels are looked for. */
export interface KernelSearch {
  readonly stream: string;
  readonly arch: string;
  readonly family: PackageFamily;
}

const NO_PACKAGES: ReadonlyMap<string, RepositoryPackage> = new Map();
const UNAME = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}$/;

/** Where a build tree tells its release, the surest first; each gives the `uname -r` in parts. */
const RELEASE_PATHS: readonly RegExp[] = [
  /^\/usr\/src\/kernels\/(?<release>[^/]+)\//,
  /^\/lib\/modules\/(?<release>[^/]+)\/build$/,
  /^\/usr\/lib\/modules\/(?<release>[^/]+)\/build$/,
  /^\/usr\/src\/linux-(?<release>[^/]+)-obj\/[^/]+\/(?<flavour>[^/]+)\//,
];

/** Lists the package names of a family, e.g. `kernel-core`, `kernel-devel` and `kernel-modules`. */
export function namesOfFamily(family: PackageFamily): ReadonlySet<string> {
  return new Set(family.flavours.flatMap((flavour) => listKernelNames(family, flavour)));
}

/** Lists the package names of one flavour of a family; the core package comes first. */
export function listKernelNames(family: PackageFamily, flavour: string): readonly string[] {
  return [
    nameOf(family.core, flavour),
    nameOf(family.devel, flavour),
    ...listModuleNames(family, flavour),
  ];
}

/**
 * Finds the kernels among packages: by package name, never by what packages provide.
 *
 * Core and devel belong together if EVR and architecture are equal. If no devel is, one with the
 * same epoch and version is taken whose release differs only in a number after the last dot: SUSE's
 * rebuild counter, which is no part of `uname -r`; the newest of several. Mirrors bring devel
 * later than core at times: then it is missing. Packages with more modules have the core's EVR.
 *
 * @param packages From all repositories of the stream, in their order; of two with the same name
 *   and EVR the first is taken.
 * @returns Oldest first; flavours of one EVR in the family's order.
 */
export function findKernelOffers(
  packages: readonly RepositoryPackage[],
  search: KernelSearch,
): KernelOffer[] {
  const { stream, arch, family } = search;
  const byName = indexPackages(packages, search);
  const offers: KernelOffer[] = [];
  for (const flavour of flavoursOf(family)) {
    const develsByEvr = byName.get(nameOf(family.devel, flavour)) ?? NO_PACKAGES;
    for (const [evr, core] of byName.get(nameOf(family.core, flavour)) ?? []) {
      const devel = develsByEvr.get(evr) ?? findRebuiltDevel(core, develsByEvr);
      const modules = listModuleNames(family, flavour).flatMap((name) => {
        const found = byName.get(name)?.get(evr);
        return found === undefined ? [] : [found];
      });
      const { epoch, version, release } = core;
      offers.push({
        stream,
        arch,
        flavour,
        evr: { epoch, version, release },
        core,
        ...(modules.length === 0 ? {} : { modules }),
        ...(devel === undefined ? {} : { devel }),
      });
    }
  }
  return offers.sort((one, other) => compareEvr(one.evr, other.evr));
}

/**
 * Reads the kernel release (`uname -r`) from the paths of a build tree's package.
 *
 * In this order: `/usr/src/kernels/<release>/…`, `/lib/modules/<release>/build`,
 * `/usr/lib/modules/<release>/build`, SUSE's `/usr/src/linux-<release>-obj/<arch>/<flavour>/…`,
 * where `uname -r` is `<release>-<flavour>`.
 *
 * @returns E.g. `5.14.0-611.el9.x86_64`; undefined if the first form that occurs names several, or
 *   none occurs.
 */
export function releaseFromPaths(paths: readonly string[]): string | undefined {
  for (const form of RELEASE_PATHS) {
    const releases = new Set<string>();
    for (const path of paths) {
      const { release, flavour } = form.exec(path)?.groups ?? {};
      if (release === undefined) continue;
      releases.add(flavour === undefined ? release : `${release}-${flavour}`);
    }
    const [release] = releases;
    if (release === undefined) continue;
    return releases.size === 1 && UNAME.test(release) ? release : undefined;
  }
  return undefined;
}

type PackagesByName = ReadonlyMap<string, ReadonlyMap<string, RepositoryPackage>>;

/** Name to EVR to package. */
function indexPackages(
  packages: readonly RepositoryPackage[],
  { arch, family }: KernelSearch,
): PackagesByName {
  const byName = new Map<string, Map<string, RepositoryPackage>>();
  for (const name of namesOfFamily(family)) byName.set(name, new Map());
  for (const found of packages) {
    const byEvr = found.arch === arch ? byName.get(found.name) : undefined;
    const evr = formatEvr(found);
    if (byEvr?.has(evr) === false) byEvr.set(evr, found);
  }
  return byName;
}

function findRebuiltDevel(
  core: RepositoryPackage,
  devels: ReadonlyMap<string, RepositoryPackage>,
): RepositoryPackage | undefined {
  const base = withoutRebuildCounter(core.release);
  if (base === undefined) return undefined;
  return [...devels.values()]
    .filter(
      (devel) =>
        devel.epoch === core.epoch &&
        devel.version === core.version &&
        withoutRebuildCounter(devel.release) === base,
    )
    .sort(compareEvr)
    .at(-1);
}

/** `150600.23.25.1` without its last number, undefined for `611.el9`, which has none. */
function withoutRebuildCounter(release: string): string | undefined {
  const dot = release.lastIndexOf('.');
  return dot > 0 && /^[0-9]+$/.test(release.slice(dot + 1)) ? release.slice(0, dot) : undefined;
}

/** Flavours that give the same core package are one. */
function flavoursOf(family: PackageFamily): readonly string[] {
  const byCore = new Map<string, string>();
  for (const flavour of family.flavours) {
    const core = nameOf(family.core, flavour);
    if (!byCore.has(core)) byCore.set(core, flavour);
  }
  return [...byCore.values()];
}

function listModuleNames(family: PackageFamily, flavour: string): readonly string[] {
  return (family.modules ?? []).map((pattern) => nameOf(pattern, flavour));
}

function nameOf(pattern: string, flavour: string): string {
  return pattern.replaceAll('{flavour}', () => flavour);
}
