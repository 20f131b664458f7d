import type { DriverDisk } from '../model/driver-disk.ts';
import { cleanText } from './clean-text.ts';
import { formatNumber } from './format-values.ts';

const DEFINITE_NAMES: Readonly<Record<DriverDisk['container'], string>> = {
  iso: 'ISO image with the label OEMDRV',
  'cpio.gz': 'cpio archive',
};

/** Says what a driver disk has, and how an installer is given it. */
export function driverDiskToText(disk: DriverDisk): string {
  const { path, container, kernel, kmods, sizeBytes, sha256, remarks } = disk;
  return [
    `wrote ${cleanText(path, path.length)}`,
    `  ${DEFINITE_NAMES[container]}, ${formatNumber(sizeBytes)} bytes, sha256 ${sha256}`,
    `  for an installer that runs ${kernel}${describeProducts(disk)}`,
    ...kmods.flatMap(({ packages }) => packages.map((name) => `  has ${cleanText(name)}`)),
    ...remarks.map((remark) => `  ${remark}`),
    '',
    describeUse(disk),
  ].join('\n');
}

function describeProducts({ products = [] }: DriverDisk): string {
  return products.length === 0 ? '' : ` (${products.join(', ')})`;
}

function describeUse({ format, container }: DriverDisk): string {
  if (format === 'rhel') {
    return 'Attach it as a disk or CD: anaconda takes it by its label. Or boot with inst.dd=<URL of the file>.';
  }
  return container === 'iso'
    ? 'Attach it as a disk or CD: YaST takes it by its label. Agama (Leap 16, SLE 16) wants a .dud file instead.'
    : 'Boot with dud=<URL of the file> (YaST) or inst.dud=<URL of the file> (Agama).';
}
