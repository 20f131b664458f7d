import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabKmod } from '../../lab/read-lab.ts';

/** How a kmod of our own making behaves when it is built. */
export type Behaviour = 'good' | 'slow' | 'compile-error' | 'no-modules' | 'wrong-kernel';

/** Makes the smallest kmod that behaves as asked, as spec and C source. */
export async function makeKmod(
  directory: string,
  name: string,
  behaviour: Behaviour,
): Promise<LabKmod> {
  const sourceDirectory = join(directory, name);
  await mkdir(sourceDirectory, { recursive: true });
  const spec = join(sourceDirectory, `${name}.spec`);
  await writeFile(join(sourceDirectory, `${name}.c`), describeSource(behaviour));
  await writeFile(spec, describeSpec(name, behaviour));
  return { name, spec, sourceDirectory, kind: 'quick' };
}

function describeSource(behaviour: Behaviour): string {
  const call =
    behaviour === 'compile-error' ? 'this_was_removed_in_6_1();' : 'pr_info("hello\\n");';
  return `#include <linux/module.h>
static int __init start(void) { ${call} return 0; }
static void __exit end(void) { }
module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
`;
}

const SLOW_SECONDS = 25;

function describeSpec(name: string, behaviour: Behaviour): string {
  const hasModule = behaviour !== 'no-modules';
  const vermagic =
    behaviour === 'wrong-kernel' ? `sed -i 's/vermagic=6/vermagic=5/' ${name}.ko` : 'true';
  return `%{!?kernel_version: %define kernel_version 0}
%define debug_package %{nil}
%define __os_install_post %{nil}
Name: kmod-${name}
Version: 1.0
Release: 1
Summary: Made for a test
License: GPL-2.0-only
Source0: ${name}.c
AutoReqProv: no
%description
Made for a test.
%prep
%setup -q -c -T
cp %{SOURCE0} .
echo 'obj-m := ${name}.o' > Makefile
%build
${behaviour === 'slow' ? `sleep ${SLOW_SECONDS}` : 'true'}
make -C /lib/modules/%{kernel_version}/build M=$PWD modules
${vermagic}
%install
${hasModule ? `install -D -m 644 ${name}.ko %{buildroot}/lib/modules/%{kernel_version}/extra/${name}/${name}.ko` : `install -D -m 644 ${name}.c %{buildroot}/usr/share/${name}.c`}
%files
${hasModule ? `/lib/modules/%{kernel_version}/extra/${name}` : `/usr/share/${name}.c`}
`;
}
