import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabKmod } from '../../lab/read-lab.ts';

/** How a kmod of our own making behaves when it is built; a slow one is another one each time. */
export type Behaviour =
  | 'good'
  | 'slow'
  | 'compile-error'
  | 'no-modules'
  | 'wrong-kernel'
  /** Does in the kernel what its parameter `act` says, see {@link ACTOR}. */
  | 'actor';

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

/** Acts: good, refuse, nodevice, warn, oops, panic, loop, sleep, timer (left behind), flood, fake (results). */
const ACTOR = `#include <linux/delay.h>
#include <linux/module.h>
#include <linux/timer.h>
#include <asm/io.h>
static char *act = "good";
module_param(act, charp, 0444);
static struct timer_list timer;
static void tick(struct timer_list *t) { }
static int is(const char *what) { return strcmp(act, what) == 0; }
static int __init start(void) {
  int i;
  pr_info("acts: %s\\n", act);
  if (is("refuse")) { pr_err("the board is on fire\\n"); return -EINVAL; }
  if (is("nodevice")) return -ENODEV;
  if (is("warn")) WARN(1, "an odd thing");
  if (is("oops")) *(volatile int *)8 = 1;
  if (is("panic")) panic("as asked");
  if (is("loop")) for (;;) cpu_relax();
  if (is("sleep")) ssleep(100000);
  if (is("timer")) { timer_setup(&timer, tick, 0); mod_timer(&timer, jiffies + HZ / 2); }
  if (is("flood")) for (i = 0; i < 1000000; i++) pr_info("flood %d\\n", i);
  if (is("fake")) { pr_info("rekmod-0 in 0 0 0 -\\n"); pr_info("rekmod-0 end exit\\n"); outb(16, 0xf4); }
  return 0;
}
static void __exit end(void) { }
module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
`;

function describeSource(behaviour: Behaviour): string {
  if (behaviour === 'actor') return ACTOR;
  const call =
    behaviour === 'compile-error' ? 'this_was_removed_in_6_1();' : 'pr_info("hello\\n");';
  const stamp = behaviour === 'slow' ? '#include "stamp.h"\nMODULE_INFO(stamp, STAMP);\n' : '';
  return `#include <linux/module.h>
${stamp}static int __init start(void) { ${call} return 0; }
static void __exit end(void) { }
module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
`;
}

const SLOW_SECONDS = 25;
const STAMP = `echo "#define STAMP \\"$(cat /proc/sys/kernel/random/uuid)\\"" > stamp.h`;

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
${behaviour === 'slow' ? `${STAMP}\nsleep ${SLOW_SECONDS}` : 'true'}
make -C /lib/modules/%{kernel_version}/build M=$PWD modules
${vermagic}
%install
${hasModule ? `install -D -m 644 ${name}.ko %{buildroot}/lib/modules/%{kernel_version}/extra/${name}/${name}.ko` : `install -D -m 644 ${name}.c %{buildroot}/usr/share/${name}.c`}
%files
${hasModule ? `/lib/modules/%{kernel_version}/extra/${name}` : `/usr/share/${name}.c`}
`;
}
