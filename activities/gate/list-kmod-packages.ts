import type { BuiltPackage } from '../../model/cell.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { Kmod } from '../../model/kmod.ts';
import type { Records } from '../records.ts';

/**
 * Lists the packages that hold the modules of some kernels: the last ones published for each cell, and those of
 * the kernel whose modules are kept. Packages of kernels that machines do not see are not among them: dnf would
 * take them for updates that it cannot install.
 *
 * @returns By file name.
 */
export async function listKmodPackages(
  kernels: readonly Pick<Kernel, 'stream' | 'release'>[],
  kmods: readonly Pick<Kmod, 'name'>[],
  records: Records,
): Promise<ReadonlyMap<string, BuiltPackage>> {
  const packages = new Map<string, BuiltPackage>();
  for (const { stream, release } of kernels) {
    for (const { name: kmod } of kmods) {
      for (const file of await listOfCell({ stream, release, kmod }, records)) {
        packages.set(file.fileName, file);
      }
    }
  }
  return packages;
}

async function listOfCell(
  key: { readonly stream: string; readonly release: string; readonly kmod: string },
  records: Records,
): Promise<readonly BuiltPackage[]> {
  const cell = await records.readCell(key);
  if (cell?.lastBuild) return cell.lastBuild.packages;
  if (cell?.verdict.kind !== 'keep' || cell.verdict.why !== 'compatible') return [];
  const donor = await records.readCell({ ...key, release: cell.verdict.donor });
  return donor?.lastBuild?.packages ?? [];
}
