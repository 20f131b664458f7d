import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { RepositoryPackage } from '../../model/kernel.ts';
import { formatEvr } from '../../rpm/evr.ts';
import { findKernelOffers, namesOfFamily, releaseFromPaths } from '../../rpm/kernels.ts';
import { createPrimaryParser } from '../../rpm/primary.ts';
import { readFixture } from '../kabi/fixtures.ts';

const EL = { core: 'kernel-core', devel: 'kernel-devel', flavours: ['default'] };
const SUSE = {
  core: 'kernel-{flavour}',
  devel: 'kernel-{flavour}-devel',
  flavours: ['default', 'azure'],
};

function packageOf(name: string, evr: string, arch = 'x86_64'): RepositoryPackage {
  const [version = '', release = ''] = evr.split('-');
  return {
    name,
    epoch: 0,
    version,
    release,
    arch,
    location: `${name}-${evr}.${arch}.rpm`,
    checksum: { type: 'sha256', value: 'ab'.repeat(32) },
    sizeBytes: 1,
    buildTimeSeconds: 1,
  };
}

/** Offers as `flavour core-EVR devel-EVR`. */
function describeOffers(
  packages: readonly RepositoryPackage[],
  family: Parameters<typeof namesOfFamily>[0],
): readonly string[] {
  return findKernelOffers(packages, { stream: 's', arch: 'x86_64', family }).map((offer) => {
    assert.equal(formatEvr(offer.evr), formatEvr(offer.core));
    const devel = offer.devel === undefined ? 'none' : formatEvr(offer.devel);
    return `${offer.flavour} ${formatEvr(offer.core)} ${devel}`;
  });
}

test('findKernelOffers() finds the kernels of a real repository by name', () => {
  const packages: RepositoryPackage[] = [];
  const parser = createPrimaryParser({
    onPackage: (found) => packages.push(found),
    isWanted: () => true,
  });
  parser.write(gunzipSync(readFixture('repodata/primary.xml.gz')).toString());
  parser.close();

  assert.deepEqual(describeOffers(packages, EL), [
    'default 6.1.0-54.el9 6.1.0-54.el9',
    'default 6.1.0-54.1.el9 6.1.0-54.1.el9',
    'default 6.1.0-55.el9 none',
  ]);
});

test('findKernelOffers() finds packages with more modules, of exactly the same EVR', () => {
  const modules = ['kernel-modules-core', 'kernel-modules', 'kernel-modules-extra'];
  const family = { ...EL, modules };
  const packages = ['kernel-core', 'kernel-modules', 'kernel-modules-core'].flatMap((name) => [
    packageOf(name, '5.14.0-611.el9'),
    packageOf(name, '5.14.0-612.el9'),
    packageOf(name, '5.14.0-611.el9', 'aarch64'),
  ]);
  packages.push(packageOf('kernel-core', '5.14.0-613.el9'));

  const offers = findKernelOffers(packages, { stream: 's', arch: 'x86_64', family });

  const names = ['kernel-modules-core', 'kernel-modules'];
  assert.deepEqual(
    offers.map((offer) => [formatEvr(offer.evr), offer.modules?.map(({ name }) => name)]),
    [
      ['5.14.0-611.el9', names],
      ['5.14.0-612.el9', names],
      ['5.14.0-613.el9', undefined],
    ],
  );
  assert.ok(
    offers.every(({ evr, modules: found = [] }) =>
      found.every((one) => formatEvr(one) === formatEvr(evr)),
    ),
  );
});

test('namesOfFamily() names packages with modules by flavour too', () => {
  const names = namesOfFamily({ ...SUSE, modules: ['kernel-{flavour}-extra'] });

  assert.deepEqual([...names].sort(), [
    ...['kernel-azure', 'kernel-azure-devel', 'kernel-azure-extra'],
    ...['kernel-default', 'kernel-default-devel', 'kernel-default-extra'],
  ]);
});

test('findKernelOffers() sorts as rpm does, not as text', () => {
  const packages = ['5.14.0-427.el9', '5.14.0-70.el9', '5.14.0-362.8.1.el9_3'].map((evr) =>
    packageOf('kernel-core', evr),
  );

  assert.deepEqual(describeOffers(packages, EL), [
    'default 5.14.0-70.el9 none',
    'default 5.14.0-362.8.1.el9_3 none',
    'default 5.14.0-427.el9 none',
  ]);
});

test('findKernelOffers() never pairs other architectures or similar names', () => {
  const packages = [
    packageOf('kernel-core', '1-1.el9'),
    packageOf('kernel-devel', '1-1.el9', 'aarch64'),
    packageOf('kernel-devel-matched', '1-1.el9'),
    packageOf('kernel-ml-devel', '1-1.el9'),
    packageOf('kernel-devel', '1-2.el9'),
    packageOf('kernel-core', '1-3.el9', 'aarch64'),
  ];

  assert.deepEqual(describeOffers(packages, EL), ['default 1-1.el9 none']);
});

test('findKernelOffers() takes the first of equal packages of several repositories', () => {
  const first = packageOf('kernel-core', '1-1.el9');
  const again = { ...first, location: 'elsewhere.rpm' };

  const offers = findKernelOffers([first, again], { stream: 's', arch: 'x86_64', family: EL });

  assert.deepEqual(
    offers.map((offer) => offer.core.location),
    [first.location],
  );
});

test('findKernelOffers() keeps flavours apart', () => {
  const packages = [
    packageOf('kernel-azure', '6.4.0-150600.23.25.1'),
    packageOf('kernel-default', '6.4.0-150600.23.25.1'),
    packageOf('kernel-default-devel', '6.4.0-150600.23.25.1'),
    packageOf('kernel-rt', '6.4.0-150600.23.25.1'),
  ];

  assert.deepEqual(describeOffers(packages, SUSE), [
    'default 6.4.0-150600.23.25.1 6.4.0-150600.23.25.1',
    'azure 6.4.0-150600.23.25.1 none',
  ]);
});

test("findKernelOffers() pairs over SUSE's rebuild counter, the equal one first, then the newest", () => {
  const packages = [
    packageOf('kernel-default', '6.4.0-150600.23.25.1'),
    packageOf('kernel-default', '6.4.0-150600.23.30.2'),
    packageOf('kernel-default', '6.4.0-150600.23.31.1'),
    packageOf('kernel-default-devel', '6.4.0-150600.23.25.1'),
    packageOf('kernel-default-devel', '6.4.0-150600.23.25.2'),
    packageOf('kernel-default-devel', '6.4.0-150600.23.30.3'),
    packageOf('kernel-default-devel', '6.4.0-150600.23.30.10'),
  ];

  assert.deepEqual(describeOffers(packages, SUSE), [
    'default 6.4.0-150600.23.25.1 6.4.0-150600.23.25.1',
    'default 6.4.0-150600.23.30.2 6.4.0-150600.23.30.10',
    'default 6.4.0-150600.23.31.1 none',
  ]);
});

test('findKernelOffers() does not take a dist tag for a rebuild counter', () => {
  const packages = [
    packageOf('kernel-core', '6.9-200.fc40'),
    packageOf('kernel-devel', '6.9-200.fc41'),
  ];

  assert.deepEqual(describeOffers(packages, EL), ['default 6.9-200.fc40 none']);
});

test('findKernelOffers() counts flavours with equal names once', () => {
  const family = { ...EL, flavours: ['default', 'rt'] };

  assert.deepEqual(describeOffers([packageOf('kernel-core', '1-1')], family), ['default 1-1 none']);
});

test('namesOfFamily() fills in the flavours', () => {
  assert.deepEqual(
    [...namesOfFamily(SUSE)],
    ['kernel-default', 'kernel-default-devel', 'kernel-azure', 'kernel-azure-devel'],
  );
  assert.deepEqual([...namesOfFamily(EL)], ['kernel-core', 'kernel-devel']);
});

const U9 = '5.14.0-611.el9.x86_64';
const PATHS: readonly [title: string, paths: readonly string[], release: string | undefined][] = [
  ['EL', ['/usr/src/kernels', `/usr/src/kernels/${U9}`, `/usr/src/kernels/${U9}/Makefile`], U9],
  ['a variant', [`/usr/src/kernels/${U9}+rt-debug/Makefile`], `${U9}+rt-debug`],
  ['Debian in EL layout', ['/usr/src/kernels/6.1.0-54-amd64/Module.symvers'], '6.1.0-54-amd64'],
  ['a link alone', [`/lib/modules/${U9}/build`], U9],
  ['a link after usrmerge', [`/usr/lib/modules/${U9}/build`], U9],
  [
    'SUSE',
    [
      '/usr/src/linux-6.4.0-150600.23.25-obj/x86_64/default/Module.symvers',
      '/usr/src/linux-6.4.0-150600.23.25-obj/x86_64/default/Makefile',
      '/usr/src/linux-obj/x86_64/default',
    ],
    '6.4.0-150600.23.25-default',
  ],
  ['two kernels', ['/usr/src/kernels/1.0/Makefile', '/usr/src/kernels/2.0/Makefile'], undefined],
  [
    'two flavours of SUSE',
    [
      '/usr/src/linux-1-2-obj/x86_64/default/Makefile',
      '/usr/src/linux-1-2-obj/x86_64/azure/Makefile',
    ],
    undefined,
  ],
  ['nothing of it', ['/etc/passwd', '/lib/modules/x/kernel/a.ko'], undefined],
  ['no paths', [], undefined],
  ['a release that is no word', ['/usr/src/kernels/$(reboot)/Makefile'], undefined],
  ['a release that climbs', ['/usr/src/kernels/../Makefile'], undefined],
];
for (const [title, paths, release] of PATHS) {
  test(`releaseFromPaths() reads ${title}`, () => {
    assert.equal(releaseFromPaths(paths), release);
  });
}
