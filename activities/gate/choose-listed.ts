import type { ListedPackage } from '../../model/snapshot.ts';
import { findHiddenKernels, nameOfPart } from '../../rpm/hide-kernels.ts';
import type { PackageEntry } from '../../rpm/package-entry.ts';
import type { GatedStream, ViewContent, ViewSources } from './gather-view.ts';
import type { ListedSource } from './write-view.ts';

/**
 * Chooses what a view lists of each source, the kmods first. Of two packages with the same content the first is
 * listed.
 */
export function chooseListed(
  { upstream, kmods }: ViewSources,
  { kernels, published }: ViewContent,
  { family, arch, gate }: GatedStream,
): readonly ListedSource[] {
  const shown = kernels.map(({ flavour, evr, devel }) => ({ flavour, evr, devel: devel.nevra }));
  const all = upstream.flatMap(({ packages }) => packages);
  const isHidden = findHiddenKernels(all, { family, arch }, shown);
  const wanted = new Set(published?.packages.map(({ sha256 }) => sha256));
  const seen = new Set<string>();
  const take = (packages: readonly PackageEntry[]): ReadonlySet<string> => {
    const fresh = packages.map(({ checksum }) => checksum.value).filter((id) => !seen.has(id));
    for (const id of fresh) seen.add(id);
    return new Set(fresh);
  };
  const own = kmods?.packages.filter(({ checksum }) => wanted.has(checksum.value)) ?? [];
  return [
    ...(kmods && published
      ? [{ source: kmods, listed: take(own), hidden: NONE, lies: { path: published.path } }]
      : []),
    ...upstream.map((source, index): ListedSource => {
      const hidden = source.packages.filter(isHidden);
      const listed = take(source.packages.filter((part) => !isHidden(part)));
      const { baseUrl } = source.repository;
      const base = baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`;
      const place = gate.packages === 'mirror' ? { folder: `${MIRRORED}${index}/` } : { base };
      return { source, listed, hidden: new Set(hidden.map(nameOfPart)), place };
    }),
  ];
}

const NONE: ReadonlySet<string> = new Set();
/** Below the repository; what lies in `Packages/` lingers for clients in mid-download. */
const MIRRORED = 'Packages/upstream-';

/** A listed package and where clients find it: below the repository, or a whole URL. */
export interface PlacedPackage {
  readonly entry: PackageEntry;
  readonly location: string;
}

/** The listed packages of a source in the file's order. */
export function placePackages({ source, listed, place }: ListedSource): readonly PlacedPackage[] {
  const prefix = !place ? '' : 'base' in place ? place.base : place.folder;
  const rest = new Set(listed);
  return source.packages
    .filter(({ checksum }) => rest.delete(checksum.value))
    .map((entry) => ({ entry, location: `${prefix}${entry.location}` }));
}

/** Everything that a view lists, as its snapshot remembers it. */
export function listPackages(
  sources: readonly ListedSource[],
  listedAt: string,
): readonly ListedPackage[] {
  return sources.flatMap((source) =>
    placePackages(source).map(({ entry, location }): ListedPackage => {
      const { name, epoch, version, release, arch, checksum, sizeBytes } = entry;
      return {
        fileName: decodeURIComponent(entry.location.split('/').at(-1) ?? ''),
        nevra: { name, epoch, version, release, arch },
        sha256: checksum.value,
        sizeBytes,
        location,
        listedAt,
      };
    }),
  );
}
