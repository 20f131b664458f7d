import assert from 'node:assert/strict';
import test from 'node:test';
import { detectDialect, findDialect, type Injection, type TargetKernel } from '../../rpm/spec.ts';
import { appendChecks, findRefusal } from '../../rpm/spec-checks.ts';
import { appendRelease, releaseSuffix } from '../../rpm/spec-release.ts';
import { readFixtureText } from '../kabi/fixtures.ts';
import { runRpmspec, WITHOUT_RPMSPEC } from '../support/rpmspec.ts';
import { EL9, EL9_RT, LEAP } from '../support/target-kernels.ts';

/** A spec as a build gets it. */
function makeReady(specText: string, kernel: TargetKernel): Injection {
  const dialect = detectDialect(specText, kernel);
  assert.ok(dialect);
  const injection = dialect.inject(specText, kernel);
  const suffix = releaseSuffix({ release: kernel.release, buildNumber: 2 });
  const text = appendChecks(appendRelease(injection.specText, suffix), injection.checks);
  return { ...injection, specText: text };
}

const NVRS: readonly [file: string, kernel: TargetKernel, nvr: string][] = [
  ['kmodtool', EL9, 'demo-kmod 1.2 5.el9'],
  ['kmodtool-own-script', EL9, 'demo-kmod 2.2.4 1.el9'],
  ['kmodtool', EL9_RT, 'demo-kmod 1.2 5.el9'],
  ['elrepo9', EL9, 'kmod-demo 1.2 4.el9'],
  ['elrepo-other-name', EL9, 'kmod-demo9x 9.3.0 1.el9'],
  ['elrepo7', EL9, 'demo-kmod 1.2 1.el9'],
  ['elrepo7-uname', EL9, 'demo-kmod 1.2 1.el9'],
  ['redhat-dup', EL9, 'kmod-redhat-demo 5.14.0_284.11.1_dup9.2 1.el9'],
  ['redhat-dup-el6', EL9, 'demo 4.0 3.el9'],
  ['kmods-sig', EL9, 'kmod-demo 5.14.0~611 1.el9'],
  ['kmods-sig-own-version', EL9, 'demo-drivers 4.21.0 1.el9'],
  ['rhel-kmp', EL9, 'demo 1.2 3.el9'],
  ['kmp-of-both-vendors', EL9, 'demo-kernel 9.0.6 1.el9'],
  ['kmp-of-both-vendors', EL9_RT, 'demo-kernel 9.0.6 1.el9'],
  ['kmp-of-both-vendors', LEAP, 'demo-kernel 9.0.6 1.el9'],
  ['suse-kmp', LEAP, 'demo 1.2 0'],
  ['suse-kmp-inverted', LEAP, 'demo 0.44 0'],
  ['nvidia-precompiled', EL9, 'kmod-nvidia-535.1-5.14.0-611 535.1 2.el9'],
  ['openzfs', EL9, 'demo-kmod 2.2.4 1.el9'],
  ['lustre', EL9, 'lustre-client 2.15.4 1.el9'],
  ['installed-devel-uname', EL9, 'demo 1.3 1.el9'],
];
for (const [file, kernel, nvr] of NVRS) {
  test(`rpm parses ${file}.spec for ${kernel.release} as ${nvr}`, WITHOUT_RPMSPEC, async () => {
    const parsed = await runRpmspec(makeReady(readFixtureText(`specs/${file}.spec`), kernel));

    assert.equal(parsed.exitCode, 0, parsed.stderr);
    assert.equal(parsed.nvr, `${nvr}.k${kernel.release.replaceAll('-', '_')}.b2`);
  });
}

test(
  'rpm parses a spec that asks for kernel-devel before there is one',
  WITHOUT_RPMSPEC,
  async () => {
    const spec = readFixtureText('specs/installed-devel.spec');
    const query = "%(rpm -qa kernel-devel | sed 's/^kernel-devel-//')";
    assert.ok(spec.includes(query));

    const parsed = await runRpmspec(
      makeReady(spec.replace(query, '%(rpm -qa kernel-devel-none)'), EL9),
    );

    assert.equal(parsed.exitCode, 0, parsed.stderr);
  },
);

test('rpm refuses a spec that overrules the command line', WITHOUT_RPMSPEC, async () => {
  const spec = readFixtureText('specs/elrepo-overruled.spec');

  const parsed = await runRpmspec(makeReady(spec, EL9));

  assert.notEqual(parsed.exitCode, 0);
  assert.equal(
    findRefusal(parsed.stderr),
    'the spec defines kmod_kernel_version itself (line 12): expected 5.14.0-611.el9, found 5.14.0-570.12.1.el9_6',
  );
});

const TAKEN: readonly [what: string, dialect: string, spec: string, sentence: RegExp][] = [
  [
    'an unconditional global',
    'elrepo7',
    'Name: x\n%{!?kversion: %define kversion 1}\n  %global kversion 5.13.0\n',
    /^the spec defines kversion itself \(line 3\): expected 5\.14\S+, found 5\.13\.0$/,
  ],
  [
    'a definition in a comment, which rpm carries out',
    'elrepo',
    '%{!?kmod_kernel_version: %define kmod_kernel_version 1}\n#%define kmod_kernel_version 5.13\n',
    /^the spec defines kmod_kernel_version itself \(line 2\): .*found 5\.13$/,
  ],
  [
    'a definition under a condition',
    'kmodtool',
    '%if 1\n%{?dist:%define kernels 5.13.0}\n%endif\n',
    /^the spec defines kernels itself \(line 2\): .*found 5\.13\.0$/,
  ],
  [
    'a definition that another macro makes',
    'elrepo7',
    '%global word kversion\n%{expand:%%global %{word} 5.13.0}\n',
    /^something defines kversion besides rekmod: .*found 5\.13\.0$/,
  ],
  [
    'a kmodtool that finds another kernel',
    'kmodtool',
    '%define kernel_versions 5.13.0___%{_usrsrc}/kernels/5.13.0 \n',
    /^the spec takes another kernel \(kernel_versions, line 1\): .*found 5\.13\.0$/,
  ],
  [
    'kernel-devel of another kernel, or none',
    'installed-devel',
    '%define kmod_headers_version %(rpm -qa kernel-devel-of-rekmod | sed s/x/y/; echo none)\n',
    /^the spec takes another kernel \(kmod_headers_version, line 1\): .*found none$/,
  ],
  [
    'a list of flavours that a macro makes',
    'suse-kmp',
    '%global both azure default\n%kernel_module_package %{both}\n',
    /^the spec takes another kernel \(flavors_to_build\): expected default, found azure default$/,
  ],
];
for (const [what, name, start, sentence] of TAKEN) {
  test(`rpm refuses ${what}`, WITHOUT_RPMSPEC, async () => {
    const kernel = name === 'suse-kmp' ? LEAP : EL9;
    const end = 'Name: a\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\n%description\n';
    const spec = start.startsWith('Name') ? start + end.slice(8) : start + end;
    const injection = findDialect(name)?.inject(spec, kernel);
    assert.ok(injection);

    const { specText, checks } = injection;
    const parsed = await runRpmspec({ ...injection, specText: appendChecks(specText, checks) });

    assert.notEqual(parsed.exitCode, 0);
    assert.match(findRefusal(parsed.stderr) ?? parsed.stderr, sentence);
  });
}

test('appendChecks() leaves the lines before alone, also a last one with a backslash', () => {
  const spec = 'Name: x\n%define a \\';

  const checked = appendChecks(spec, [{ macro: 'kernels', expected: '1' }]);

  assert.ok(checked.startsWith(`${spec}\n\n%if`));
  assert.equal(appendChecks(spec, []), spec);
});

test('findRefusal() finds the sentence at the start of a line only', () => {
  assert.equal(findRefusal('x\nerror: rekmod: the sentence  \nmore'), 'the sentence');
  assert.equal(findRefusal('error: rekmod: first\nerror: rekmod: second'), 'first');
  assert.equal(findRefusal('+ echo error: rekmod: x\nwarning: y'), undefined);
  assert.equal(findRefusal(''), undefined);
});
