import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabKmod } from '../../lab/read-lab.ts';

const PROBE = fileURLToPath(new URL('../../lab/hostile/probe.py', import.meta.url));

/** Where a kmod that is good otherwise does what it should not. */
export interface Hostility {
  /** Lines before all others, which rpm expands whenever it reads the spec. */
  readonly parse?: string;
  /** Lines of the preamble. */
  readonly preamble?: string;
  readonly build?: string;
  readonly install?: string;
  /** Lines behind those of its module. */
  readonly files?: string;
  /** Name of the package, where it is not `kmod-<name>`. */
  readonly package?: string;
}

/** Makes a kmod of one small module that does what is asked besides. */
export async function makeHostileKmod(
  directory: string,
  name: string,
  hostility: Hostility,
): Promise<LabKmod> {
  const sourceDirectory = join(directory, name);
  await mkdir(sourceDirectory, { recursive: true });
  const spec = join(sourceDirectory, `${name}.spec`);
  await copyFile(PROBE, join(sourceDirectory, 'probe.py'));
  await writeFile(spec, describeSpec(name, hostility));
  return { name, spec, sourceDirectory, kind: 'quick' };
}

function describeSpec(name: string, hostility: Hostility): string {
  const { parse = '', preamble = '', build = 'true', install = 'true', files = '' } = hostility;
  const modules = '/lib/modules/%{kernel_version}/extra';
  return `${parse}
%{!?kernel_version: %define kernel_version 0}
%define debug_package %{nil}
%define __os_install_post %{nil}
Name: ${hostility.package ?? `kmod-${name}`}
Version: 1.0
Release: 1
Summary: Made for a test
License: GPL-2.0-only
AutoReqProv: no
Source0: probe.py
BuildRequires: gcc
${preamble}
%description
Made for a test.
%prep
%setup -q -c -T
echo 'obj-m := ${name}.o' > Makefile
cat > ${name}.c <<'END'
#include <linux/module.h>
static int __init start(void) { return 0; }
static void __exit end(void) { }
module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("\\033]0;owned\\007");
END
%build
make -C /lib/modules/%{kernel_version}/build M=$PWD modules
${build}
%install
install -D -m 644 ${name}.ko %{buildroot}${modules}/${name}/${name}.ko
${install}
%files
${modules}/${name}
${files}
`;
}
