import assert from 'node:assert/strict';
import test from 'node:test';
import { SpecParseError } from '../../model/parse-errors.ts';
import { narrowFlavours, usesKernelModulePackage } from '../../rpm/dialects/flavours.ts';

const NARROWED: readonly [before: string, after: string][] = [
  ['%kernel_module_package', '%kernel_module_package default'],
  ['%kernel_module_package default azure', '%kernel_module_package default'],
  ['%kernel_module_package -x debug trace', '%kernel_module_package default'],
  ['%kernel_module_package -x debug -x trace', '%kernel_module_package default'],
  [
    '%kernel_module_package -x lockdep um pae -p %{S:30}',
    '%kernel_module_package -p %{S:30} default',
  ],
  ['%kernel_module_package -b -c cert -n a', '%kernel_module_package -b -c cert -n a default'],
  ['%suse_kernel_module_package', '%suse_kernel_module_package -x default'],
  ['%suse_kernel_module_package kdump um', '%suse_kernel_module_package -x default'],
  ['%suse_kernel_module_package -x default azure', '%suse_kernel_module_package -x default'],
  [
    '%suse_kernel_module_package -p%{_sourcedir}/preamble',
    '%suse_kernel_module_package -p%{_sourcedir}/preamble -x default',
  ],
  [
    '%{kernel_module_package -r %{_kmp_rel} -p %{_builddir}/preamble}',
    '%{kernel_module_package -r %{_kmp_rel} -p %{_builddir}/preamble default}',
  ],
  [
    '%{?kernel_module_package:%kernel_module_package -n %{name} -p %{S:10}}',
    '%{?kernel_module_package:%kernel_module_package -n %{name} -p %{S:10} default}',
  ],
  [
    '%kernel_module_package -n a \\\n  -p b \\\n  debug default\nx',
    '%kernel_module_package -n a -p b default \\\n \\\n\nx',
  ],
  ['%kernel_module_package -n a\r\nx', '%kernel_module_package -n a default\r\nx'],
  // What cannot be told, and what is none.
  ['%kernel_module_package -n a %{flavor}', '%kernel_module_package -n a %{flavor}'],
  ['%kernel_module_package %kmp_args', '%kernel_module_package %kmp_args'],
  ['# %kernel_module_package debug', '# %kernel_module_package debug'],
  [
    'BuildRequires: %kernel_module_package_buildreqs',
    'BuildRequires: %kernel_module_package_buildreqs',
  ],
  // One branch of two builds for it.
  [
    '%if 1\n%kernel_module_package -x 64kb default\n%else\n%kernel_module_package\n%endif',
    '%if 1\n%kernel_module_package -x 64kb default\n%else\n%kernel_module_package default\n%endif',
  ],
];
for (const [before, after] of NARROWED) {
  test(`narrowFlavours() makes ${JSON.stringify(after)} of ${JSON.stringify(before)}`, () => {
    const narrowed = narrowFlavours(before, 'default');

    assert.equal(narrowed, after);
    assert.equal(narrowFlavours(narrowed, 'default'), after);
  });
}

for (const spec of [
  '%kernel_module_package azure',
  '%kernel_module_package -x default',
  '%suse_kernel_module_package default',
  '%suse_kernel_module_package -x azure',
]) {
  test(`narrowFlavours() refuses ${spec} for the flavour default`, () => {
    assert.throws(() => narrowFlavours(spec, 'default'), SpecParseError);
  });
}

test('usesKernelModulePackage() tells the macro from its relatives', () => {
  assert.ok(usesKernelModulePackage('x\n%kernel_module_package'));
  assert.ok(usesKernelModulePackage('%{suse_kernel_module_package -n x}'));
  assert.ok(!usesKernelModulePackage('%kernel_module_package_buildreqs'));
  assert.ok(!usesKernelModulePackage('%{defined kernel_module_package}'));
});
