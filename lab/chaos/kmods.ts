import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A kmod that was made for a run: its spec and one C file. */
export interface MadeKmod {
  readonly name: string;
  readonly spec: string;
  /** Changes its source to another version, which its module then tells (`modinfo -F version`). */
  change(version: string): Promise<void>;
}

/** How a made kmod is built. */
export interface MadeKmodOptions {
  readonly name: string;
  /** A build takes at least so long, so that there is time to break it. */
  readonly seconds: number;
  /** It calls what no kernel has. */
  readonly isBroken?: boolean;
}

/** Makes the smallest kmod there is, as version 1.0. */
export async function makeChaosKmod(
  directory: string,
  options: MadeKmodOptions,
): Promise<MadeKmod> {
  const { name } = options;
  const folder = join(directory, name);
  const spec = join(folder, `${name}.spec`);
  await mkdir(folder, { recursive: true });
  async function change(version: string): Promise<void> {
    await writeFile(join(folder, `${name}.c`), describeSource(version, options));
    await writeFile(spec, describeSpec(version, options));
  }
  await change('1.0');
  return { name, spec, change };
}

function describeSource(version: string, { isBroken = false }: MadeKmodOptions): string {
  return `#include <linux/module.h>
static int __init start(void) { ${isBroken ? 'this_was_never_there();' : 'pr_info("hello\\n");'} return 0; }
static void __exit end(void) { }
module_init(start);
module_exit(end);
MODULE_VERSION("${version}");
MODULE_LICENSE("GPL");
`;
}

function describeSpec(version: string, { name, seconds }: MadeKmodOptions): string {
  return `%{!?kernel_version: %define kernel_version 0}
%define debug_package %{nil}
%define __os_install_post %{nil}
%global _use_internal_dependency_generator 0
%define __find_requires /usr/lib/rpm/redhat/find-requires.ksyms
%define __find_provides /usr/lib/rpm/redhat/find-provides.ksyms ${name} %{version}-%{release}
Name: kmod-${name}
Version: ${version}
Release: 1
Summary: Made for chaos
License: GPL-2.0-only
Source0: ${name}.c
%description
Made for chaos.
%prep
%setup -q -c -T
cp %{SOURCE0} .
echo 'obj-m := ${name}.o' > Makefile
%build
sleep ${seconds}
make -C /usr/src/kernels/%{kernel_version} M=$PWD modules
%install
install -D -m 644 ${name}.ko %{buildroot}/lib/modules/%{kernel_version}/extra/${name}/${name}.ko
%files
/lib/modules/%{kernel_version}/extra/${name}
`;
}
