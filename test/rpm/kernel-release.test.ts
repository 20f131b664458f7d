import assert from 'node:assert/strict';
import test from 'node:test';
import { flavourOfRelease, releaseOfPath } from '../../rpm/kernel-release.ts';

const FLAVOURS: readonly [release: string, flavour: string][] = [
  ['5.14.0-611.el9.x86_64', 'default'],
  ['5.14.0-611.el9.x86_64+rt', 'rt'],
  ['5.14.0-611.el9.aarch64+64k-debug', '64k-debug'],
  ['6.9.4-200.fc40.x86_64', 'default'],
  ['6.9.4-1.el9.elrepo.x86_64', 'default'],
  ['6.4.0-150600.21-default', 'default'],
  ['6.4.0-150600.8.5-azure', 'azure'],
  ['6.10.5-1-longterm', 'longterm'],
  ['6.1.0-54-amd64', 'default'],
  ['6.1.0-54-rt-amd64', 'rt'],
  ['6.1.0-54-cloud-amd64', 'cloud'],
  ['6.12.117+deb12-amd64', 'default'],
  ['5.15.0-100-generic', 'generic'],
  ['6.1.0-54.amd64', 'default'],
  ['', 'default'],
];
for (const [release, flavour] of FLAVOURS) {
  test(`flavourOfRelease() finds ${flavour} in "${release}"`, () => {
    assert.equal(flavourOfRelease(release), flavour);
  });
}

const PATHS: readonly [path: string, release: string | undefined][] = [
  ['/lib/modules/6.1.0-54-amd64/extra/jool/jool.ko', '6.1.0-54-amd64'],
  ['/usr/lib/modules/6.10.5-1-default/symvers.gz', '6.10.5-1-default'],
  ['/usr/src/kernels/5.14.0-611.el9.x86_64+rt/Module.symvers', '5.14.0-611.el9.x86_64+rt'],
  ['/boot/symvers-5.14.0-611.el9.x86_64.gz', '5.14.0-611.el9.x86_64'],
  ['/home/me/symvers-6.12.0-55.el10.x86_64.xz', '6.12.0-55.el10.x86_64'],
  ['symvers-6.12.0-55.el10.x86_64', '6.12.0-55.el10.x86_64'],
  ['/home/me/Module.symvers', undefined],
  ['/lib/modules/../Module.symvers', undefined],
  ['/srv/symvers-old.gz', undefined],
];
for (const [path, release] of PATHS) {
  test(`releaseOfPath() finds ${release ?? 'nothing'} in "${path}"`, () => {
    assert.equal(releaseOfPath(path), release);
  });
}
