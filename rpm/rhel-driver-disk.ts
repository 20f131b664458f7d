import type { DiskFile } from '../model/driver-disk.ts';

/** The volume label by which anaconda finds a driver disk by itself; SUSE's linuxrc as well. */
export const DISK_LABEL = 'OEMDRV';

/** Marks a driver disk; without a newline, as all makers of such disks have it. */
const MARK = 'Driver Update Disk version 3';

/** A package as it lies on this machine. */
export interface StagedPackage {
  readonly fileName: string;
  /** Path of the file. */
  readonly from: string;
}

/** The folder that anaconda takes packages from, which is a repository as well. */
export function packageFolderOf(arch: string): string {
  return `rpms/${arch}`;
}

/**
 * Lays out a driver disk of version 3, without the metadata that make the package folder a repository:
 * they are made of the packages.
 *
 * @param arch As `uname -m` says it.
 * @see orosp/ddiskit; anaconda dracut/README-driver-updates.md
 */
export function layOutRhelDisk(
  arch: string,
  packages: readonly StagedPackage[],
): readonly DiskFile[] {
  return [
    { path: 'rhdd3', content: { kind: 'text', text: MARK } },
    ...packages.map(({ fileName, from }): DiskFile => {
      return { path: `${packageFolderOf(arch)}/${fileName}`, content: { kind: 'copy', from } };
    }),
  ];
}
