import assert from 'node:assert/strict';
import test from 'node:test';
import type { DriverDisk } from '../../model/driver-disk.ts';
import { driverDiskToText } from '../../report/driver-disk-text.ts';

const DISK: DriverDisk = {
  path: '/srv/dd-jool.iso',
  format: 'rhel',
  container: 'iso',
  kernel: '5.14.0-611.el9.x86_64',
  stream: 'lab',
  kmods: [{ kmod: 'jool', builtFor: '5.14.0-611.el9.x86_64', packages: ['kmod-jool.rpm'] }],
  files: ['rhdd3'],
  sizeBytes: 534_528,
  sha256: '0'.repeat(64),
  remarks: ['something to know'],
};

test('driverDiskToText() says what was written, what is on it and how anaconda is given it', () => {
  assert.equal(
    driverDiskToText(DISK),
    `wrote /srv/dd-jool.iso
  ISO image with the label OEMDRV, 534,528 bytes, sha256 ${'0'.repeat(64)}
  for an installer that runs 5.14.0-611.el9.x86_64
  has kmod-jool.rpm
  something to know

Attach it as a disk or CD: anaconda takes it by its label. Or boot with inst.dd=<URL of the file>.`,
  );
});

test("driverDiskToText() tells SUSE's two installers apart", () => {
  const suse = { ...DISK, format: 'suse', products: ['tw'] } as const;
  assert.match(
    driverDiskToText({ ...suse, container: 'cpio.gz' }),
    /inst\.dud=<URL of the file> \(Agama\)/,
  );
  assert.match(driverDiskToText(suse), /el9\.x86_64 \(tw\)$/m);
  assert.match(driverDiskToText(suse), /Agama .* wants a \.dud file/);
});
