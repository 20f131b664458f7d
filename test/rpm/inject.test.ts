import assert from 'node:assert/strict';
import test from 'node:test';
import { SpecParseError } from '../../model/parse-errors.ts';
import { dialectNames, findDialect, type Injection, type TargetKernel } from '../../rpm/spec.ts';
import { readFixtureText } from '../kabi/fixtures.ts';
import { DEBIAN, EL9, EL9_RT, LEAP } from '../support/target-kernels.ts';

function inject(name: string, specText: string, kernel: TargetKernel): Injection {
  const dialect = findDialect(name);
  assert.ok(dialect);
  return dialect.inject(specText, kernel);
}

const DEFINES: readonly [dialect: string, kernel: TargetKernel, defines: object][] = [
  ['kmodtool', EL9, { kernels: '5.14.0-611.el9.x86_64' }],
  ['kmodtool', EL9_RT, { kernels: '5.14.0-611.el9.x86_64+rt' }],
  ['elrepo', EL9, { kmod_kernel_version: '5.14.0-611.el9' }],
  ['elrepo', DEBIAN, { kmod_kernel_version: '6.1.0-54-amd64' }],
  ['elrepo7', EL9, { kversion: '5.14.0-611.el9.x86_64' }],
  ['rhel-kmp', EL9, { kernel_version: '5.14.0-611.el9.x86_64' }],
  ['rhel-kmp', DEBIAN, { kernel_version: '6.1.0-54-amd64' }],
  ['openzfs', EL9_RT, { kernel_version: '5.14.0-611.el9.x86_64' }],
  ['openzfs', EL9, { kernel_version: '5.14.0-611.el9.x86_64' }],
  ['suse-kmp', LEAP, {}],
  ['nvidia-precompiled', EL9, { kernel: '5.14.0', kernel_release: '611', kernel_dist: '.el9' }],
  [
    'nvidia-precompiled',
    { ...EL9, release: '5.14.0-284.40.1.el9_2.x86_64' },
    { kernel: '5.14.0', kernel_release: '284.40.1', kernel_dist: '.el9_2' },
  ],
  [
    'nvidia-precompiled',
    DEBIAN,
    { kernel: '6.1.0', kernel_release: '54-amd64', kernel_dist: '%{nil}' },
  ],
  [
    'lustre',
    EL9,
    {
      kver: '5.14.0-611.el9.x86_64',
      kdir: '/usr/src/kernels/5.14.0-611.el9.x86_64',
      kobjdir: '/usr/src/kernels/5.14.0-611.el9.x86_64',
    },
  ],
  [
    'lustre',
    LEAP,
    {
      kver: '6.4.0-150600.21-default',
      kdir: '/usr/src/linux-6.4.0-150600.21',
      kobjdir: '/usr/src/linux-obj/x86_64/default',
    },
  ],
  ['installed-devel', EL9, {}],
];
for (const [name, kernel, defines] of DEFINES) {
  test(`${name} defines ${JSON.stringify(defines)} for ${kernel.release}`, () => {
    const spec = readFixtureText(`specs/${name === 'elrepo' ? 'elrepo9' : name}.spec`);

    assert.deepEqual(inject(name, spec, kernel).defines, defines);
  });
}

const REWRITTEN: readonly [file: string, dialect: string, lines: Record<string, string>][] = [
  [
    'redhat-dup',
    'redhat-dup',
    {
      '%define kmod_kernel_version	5.14.0-284.11.1.el9_2':
        '%define kmod_kernel_version	5.14.0-611.el9',
    },
  ],
  [
    'redhat-dup-el6',
    'redhat-dup',
    {
      '%define kmod_kernel_version	2.6.32-431.el6': '%define kmod_kernel_version	5.14.0-611.el9',
      '%define kernel_version		2.6.32-431.el6': '%define kernel_version		5.14.0-611.el9',
    },
  ],
  ['kmods-sig', 'kmods-sig', { '%global kernel 5.14.0-587.el9': '%global kernel 5.14.0-611.el9' }],
  [
    'installed-devel',
    'installed-devel',
    {
      '%define kmod_kernel_version	5.14.0-611.35.1.el9_7':
        '%define kmod_kernel_version	5.14.0-611.el9',
    },
  ],
  [
    'installed-devel-uname',
    'installed-devel',
    {
      '%define kernel_version %(uname -r)': '%define kernel_version 5.14.0-611.el9.x86_64',
    },
  ],
];
for (const [file, name, replaced] of REWRITTEN) {
  test(`${name} rewrites the lines of ${file}.spec that name the kernel, and no other`, () => {
    const lines = readFixtureText(`specs/${file}.spec`).split('\n');

    const { specText } = inject(name, lines.join('\n'), EL9);

    assert.deepEqual(
      specText.split('\n'),
      lines.map((line) => replaced[line] ?? line),
    );
    assert.equal(Object.keys(replaced).filter((line) => !lines.includes(line)).length, 0);
  });
}

test('rhel-kmp gives the whole release to a spec that does without the macro', () => {
  const spec = '%{!?kernel_version: %define kernel_version 5.14.0-1.el9.x86_64}';

  const { kernel_version } = inject('rhel-kmp', spec, EL9_RT).defines;

  assert.equal(kernel_version, '5.14.0-611.el9.x86_64+rt');
});

test('specs that yield to the command line are built as they are', () => {
  for (const file of ['kmodtool', 'elrepo9', 'elrepo7', 'rhel-kmp', 'openzfs', 'lustre']) {
    const spec = readFixtureText(`specs/${file}.spec`);
    const name = file === 'elrepo9' ? 'elrepo' : file;

    assert.equal(inject(name, spec, EL9).specText, spec);
  }
});

const NARROWED: readonly [file: string, dialect: string, kernel: TargetKernel, line: string][] = [
  ['suse-kmp', 'suse-kmp', LEAP, '%kernel_module_package default'],
  [
    'suse-kmp-inverted',
    'suse-kmp',
    LEAP,
    '%suse_kernel_module_package -p %_sourcedir/preamble -x default',
  ],
  [
    'kmp-of-both-vendors',
    'rhel-kmp',
    EL9_RT,
    '%kernel_module_package -n demo -f filelist-redhat rt',
  ],
];
for (const [file, name, kernel, line] of NARROWED) {
  test(`${name} narrows the flavours of ${file}.spec for ${kernel.release}`, () => {
    const spec = readFixtureText(`specs/${file}.spec`);

    assert.ok(inject(name, spec, kernel).specText.split('\n').includes(line));
  });
}

test('rhel-kmp refuses a variant that the spec does not build for', () => {
  const spec = readFixtureText('specs/rhel-kmp.spec');

  assert.throws(() => inject('rhel-kmp', spec, EL9_RT), /for the flavour "rt", found none/);
});

test('elrepo, redhat-dup and kmods-sig refuse a variant that the spec cannot name', () => {
  for (const name of ['elrepo', 'redhat-dup', 'kmods-sig', 'nvidia-precompiled']) {
    const spec = readFixtureText(`specs/${name === 'elrepo' ? 'elrepo9' : name}.spec`);

    assert.throws(() => inject(name, spec, EL9_RT), /expected a kernel without a variant.*\+rt/);
  }
});

test('Dialect.inject() refuses a release that a macro would read', () => {
  for (const release of ['%(id)', '1;id', '', '-x', 'a b', 'a\nb']) {
    for (const name of dialectNames()) {
      const spec = '%define kmod_kernel_version 1\n%global kernel 1';
      assert.throws(() => inject(name, spec, { ...EL9, release }), SpecParseError);
    }
  }
});

test('Dialect.inject() refuses a flavour or architecture that a macro would read', () => {
  for (const name of dialectNames()) {
    const spec = '%define kmod_kernel_version 1\n%global kernel 1';
    assert.throws(() => inject(name, spec, { ...LEAP, flavour: '%(id)' }), SpecParseError);
    assert.throws(() => inject(name, spec, { ...EL9, arch: '../x' }), SpecParseError);
  }
});
