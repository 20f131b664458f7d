import assert from 'node:assert/strict';
import test from 'node:test';
import type { PackagedModule } from '../../model/kabi.ts';
import type { PackageContent } from '../../plan/package-content.ts';
import { type VerifyInput, verifyPackages } from '../../plan/verify-packages.ts';
import { type ModuleChanges, moduleOf, symversOf } from '../support/plan-facts.ts';

const RELEASE = '5.14.0-611.el9.x86_64';
const FILE = 'kmod-jool-4.1.9-1.x86_64.rpm';
const KO = `/lib/modules/${RELEASE}/extra/jool/jool.ko`;

function packageOf(changes: Partial<PackageContent> = {}): PackageContent {
  return {
    fileName: FILE,
    nevra: { name: 'kmod-jool', epoch: 0, version: '4.1.9', release: '1', arch: 'x86_64' },
    files: [
      { path: KO, mode: 0o100644 },
      { path: '/lib/modules/x', mode: 0o040755 },
      { path: '/etc/depmod.d/jool.conf', mode: 0o120777 },
    ],
    ...changes,
  };
}

function jool(changes: ModuleChanges = {}): PackagedModule {
  return moduleOf('jool', { imports: { printk: 1 }, ...changes });
}

function verify(changes: Partial<VerifyInput> = {}): readonly string[] {
  return verifyPackages({
    release: RELEASE,
    arch: 'x86_64',
    packages: [packageOf()],
    modules: [jool()],
    symvers: symversOf({ printk: 1 }),
    providers: new Map(),
    ...changes,
  });
}

test('verifyPackages() accepts what fits', () => {
  assert.deepEqual(verify(), []);
});

test('verifyPackages() accepts modules below /usr/lib/modules and packages of no architecture', () => {
  const { nevra } = packageOf();
  const noarch = packageOf({ nevra: { ...nevra, arch: 'noarch' } });

  assert.deepEqual(
    verify({ packages: [packageOf(), noarch], modules: [jool({ path: `/usr${KO}.xz` })] }),
    [],
  );
});

function fileOf(mode: number): Partial<VerifyInput> {
  return { packages: [packageOf({ files: [{ path: '/usr/bin/x', mode }] })] };
}

const OTHER_ARCH = { name: 'x', epoch: 0, version: '1', release: '1', arch: 'aarch64' };

const LIES: readonly [lie: string, changes: Partial<VerifyInput>, sentence: RegExp][] = [
  ['no package', { packages: [], modules: [] }, /^expected packages, found none$/],
  ['no module', { modules: [] }, /^expected kernel modules in the packages, found none$/],
  [
    'another architecture',
    { packages: [packageOf({ nevra: OTHER_ARCH })] },
    /^kmod-jool.*: expected architecture x86_64, found aarch64$/,
  ],
  ['a set-uid file', fileOf(0o104755), /x is set-uid or set-gid$/],
  ['a set-gid directory', fileOf(0o042755), /x is set-uid or set-gid$/],
  ['a character device', fileOf(0o020666), /x is neither file, directory nor link$/],
  ['a block device', fileOf(0o060666), /x is neither file, directory nor link$/],
  ['a socket', fileOf(0o140666), /x is neither file, directory nor link$/],
  [
    'a module for another kernel',
    { modules: [jool({ vermagic: '5.14.0-610.el9.x86_64 SMP ' })] },
    /jool\.ko: expected vermagic of 5\.14\.0-611\.el9\.x86_64, found "5\.14\.0-610\.el9\.x86_64"$/,
  ],
  [
    'a module for a kernel whose release only begins the same',
    { modules: [jool({ vermagic: `${RELEASE}+debug SMP ` })] },
    /found "5\.14\.0-611\.el9\.x86_64\+debug"$/,
  ],
  ['a module without vermagic', { modules: [jool({ vermagic: '' })] }, /found ""$/],
  [
    'a module below another kernel',
    { modules: [jool({ path: '/lib/modules/5.14.0-610.el9.x86_64/extra/jool.ko' })] },
    /expected a path below \/lib\/modules\/5\.14\.0-611\.el9\.x86_64\/$/,
  ],
  [
    'a module outside of any kernel',
    { modules: [jool({ path: `/opt${KO}` })] },
    /^\/opt\/lib.*: expected a path below/,
  ],
  [
    'a module that leaves the kernel by its path',
    { modules: [jool({ path: `/lib/modules/${RELEASE}/../other/jool.ko` })] },
    /expected a path below/,
  ],
  [
    'imports without CRCs',
    { modules: [jool({ importsWithoutCrc: ['printk', 'kfree'] })] },
    /expected modversions, found 2 imports without \(printk\)$/,
  ],
  [
    'an import that nobody exports',
    { modules: [jool({ imports: { strlcpy: 1 } })] },
    /^jool: nothing exports the symbol strlcpy that it imports$/,
  ],
  [
    'an import with another CRC',
    { modules: [jool({ imports: { printk: 2 } })] },
    /^jool: its CRC of the symbol printk is not the kernel's$/,
  ],
  [
    'an import with another CRC than the kmod that exports it',
    {
      modules: [jool({ imports: { dahdi_ioctl: 2 } })],
      providers: new Map([['dahdi_ioctl', [1]]]),
    },
    /symbol dahdi_ioctl/,
  ],
];

for (const [lie, changes, sentence] of LIES) {
  test(`verifyPackages() refuses ${lie}`, () => {
    const problems = verify(changes);

    assert.ok(
      problems.some((problem) => sentence.test(problem)),
      problems.join('\n'),
    );
  });
}

test('verifyPackages() looks at every package, file and module', () => {
  const bad = { path: '/usr/bin/su', mode: 0o104755 };
  const packages = [packageOf(), packageOf({ files: [bad, bad] })];
  const modules = [jool(), jool({ vermagic: 'x' }), jool({ imports: { gone: 1 } })];

  assert.equal(verify({ packages, modules }).length, 4);
});

test('verifyPackages() accepts imports from modules of the same kmod and of others', () => {
  const modules = [
    jool({ imports: { printk: 1, jool_init: 7, dahdi_ioctl: 5 } }),
    moduleOf('jool_common', { exports: { jool_init: 7 } }),
  ];

  assert.deepEqual(verify({ modules, providers: new Map([['dahdi_ioctl', [5]]]) }), []);
});

test('verifyPackages() says as well what the dialect did not expect', () => {
  const expected = {
    dialect: 'elrepo',
    name: 'kmod-dahdi',
    version: '*',
    directories: ['extra'],
    requires: [],
    newBuild: 'replaces',
  } as const;

  assert.match(verify({ expected }).join(), /expected the name kmod-dahdi .*found kmod-jool$/);
  assert.deepEqual(verify({ expected: { ...expected, name: 'kmod-*' } }), []);
});
