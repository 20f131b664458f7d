import type { CellKey } from '../../model/cell.ts';
import type { ListedPackage } from '../../model/snapshot.ts';

/** The package of a build of a cell, as a snapshot lists it. */
export function listedOf(
  { stream = 'lab', release, kmod = 'jool' }: Partial<CellKey> & Pick<CellKey, 'release'>,
  buildNumber: number,
  changes: Partial<ListedPackage> = {},
): ListedPackage {
  const fileName = `kmod-${kmod}-1-1.${stream}.${release}.b${buildNumber}.x86_64.rpm`;
  return {
    fileName,
    nevra: {
      ...{ name: `kmod-${kmod}`, epoch: 0, version: '1', arch: 'x86_64' },
      release: `1.${release}.b${buildNumber}`,
    },
    sha256: `${buildNumber}`.padStart(64, '0'),
    sizeBytes: 1,
    location: `Packages/${fileName}`,
    listedAt: '2026-01-01T00:00:00.000Z',
    cell: { stream, release, kmod },
    ...changes,
  };
}
