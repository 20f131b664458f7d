import assert from 'node:assert/strict';
import test from 'node:test';
import { findFirstError } from '../../plan/first-error.ts';

// Excerpts of real logs: gcc 12.2, Linux' kbuild of 3.10 to 6.1, rpm 4.18.
const CASES: readonly [what: string, log: string, expected: string | undefined][] = [
  [
    "gcc's first error, not what make makes of it",
    `  CC [M]  /builddir/build/BUILD/jool-4.1.9/src/mod/common/xlator.o
In file included from /builddir/build/BUILD/jool-4.1.9/src/mod/common/xlator.c:1:
/builddir/build/BUILD/jool-4.1.9/src/mod/common/xlator.c:42:9: error: implicit declaration of function ‘strlcpy’; did you mean ‘strscpy’? [-Werror=implicit-function-declaration]
   42 |         strlcpy(dst, src, sizeof(dst));
      |         ^~~~~~~
/builddir/build/BUILD/jool-4.1.9/src/mod/common/xlator.c:44:9: error: ‘foo’ undeclared (first use in this function)
cc1: some warnings being treated as errors
make[2]: *** [scripts/Makefile.build:250: /builddir/build/BUILD/jool-4.1.9/src/mod/common/xlator.o] Error 1
error: Bad exit status from /builddir/tmp/rpm-tmp.QgActF (%build)`,
    'jool-4.1.9/src/mod/common/xlator.c:42:9: error: implicit declaration of function ‘strlcpy’; did you mean ‘strscpy’? [-Werror=implicit-function-declaration]',
  ],
  [
    'a path from the source on, without detours',
    "/builddir/build/BUILD/lttng-modules-2.13.9/.dkms/lttng-modules/2.13.9/build/src/probes/../../include/lttng/tracepoint-event-impl.h:133:6: error: conflicting types for 'trace_hrtimer_start'; have 'void(void *)'",
    "lttng-modules-2.13.9/include/lttng/tracepoint-event-impl.h:133:6: error: conflicting types for 'trace_hrtimer_start'; have 'void(void *)'",
  ],
  [
    'paths that lead out of the source as they are',
    '../../x.c:1:2: error: a /../b ./../c',
    '../../x.c:1:2: error: a /../b ./../c',
  ],
  [
    'both paths of a missing prerequisite',
    "make[2]: *** No rule to make target '/builddir/build/BUILD/a-1/ext/b.c', needed by '/builddir/build/BUILD/a-1/ext/b.o'.  Stop.",
    "make[2]: *** No rule to make target 'a-1/ext/b.c', needed by 'a-1/ext/b.o'.  Stop.",
  ],
  [
    'the error of the build, not of what a configure script tried',
    "// /builddir/build/BUILD/ipt-netflow-2.6/cc-test-build/test.c:4:16: error: storage size of 'test' isn't known\na.c:1:2: error: b",
    'a.c:1:2: error: b',
  ],
  [
    "gcc's colours not in the answer",
    '\u001b[01m\u001b[Ka.c:1:10:\u001b[m\u001b[K \u001b[01;31m\u001b[Kfatal error: \u001b[m\u001b[Knosuch.h: No such file or directory',
    'a.c:1:10: fatal error: nosuch.h: No such file or directory',
  ],
  [
    'a missing header',
    `  CC [M]  /b/nvme.o
/b/nvme.c:3:10: fatal error: linux/nvme-fc-driver.h: No such file or directory
    3 | #include <linux/nvme-fc-driver.h>
compilation terminated.`,
    '/b/nvme.c:3:10: fatal error: linux/nvme-fc-driver.h: No such file or directory',
  ],
  [
    "modpost's lost symbol",
    `  MODPOST /b/jool/Module.symvers
ERROR: modpost: "nf_ct_get_tuple" [/b/jool/src/mod/common/jool_common.ko] undefined!
make[1]: *** [/usr/src/kernels/6.1.0-55-amd64/scripts/Makefile.modpost:126: /b/jool/Module.symvers] Error 1`,
    'ERROR: modpost: "nf_ct_get_tuple" [/b/jool/src/mod/common/jool_common.ko] undefined!',
  ],
  [
    "modpost's licence refusal",
    "FATAL: modpost: GPL-incompatible module x.ko uses GPL-only symbol 'kobject_create'\nmake[1]: *** [scripts/Makefile.modpost:94: __modpost] Error 1",
    "FATAL: modpost: GPL-incompatible module x.ko uses GPL-only symbol 'kobject_create'",
  ],
  [
    'the package that is not there',
    `setting SOURCE_DATE_EPOCH=1795392000
error: Failed build dependencies:
\tkernel-devel-uname-r = 5.14.0-611.el9.x86_64 is needed by kmod-jool-4.1.9-1.x86_64
\tkernel-rpm-macros is needed by kmod-jool-4.1.9-1.x86_64`,
    'kernel-devel-uname-r = 5.14.0-611.el9.x86_64 is needed by kmod-jool-4.1.9-1.x86_64',
  ],
  [
    'a spec that rpmbuild cannot parse',
    "error: line 6: Invalid version (double separator '-'): 6.1.0-54-amd64: BuildRequires: kernel-devel = 6.1.0-54-amd64",
    "error: line 6: Invalid version (double separator '-'): 6.1.0-54-amd64: BuildRequires: kernel-devel = 6.1.0-54-amd64",
  ],
  [
    'a file that was not built',
    `Processing files: kmod-x-1-1.x86_64
error: File not found: /builddir/build/BUILDROOT/kmod-x-1-1.x86_64/lib/modules/x.ko

RPM build errors:
    File not found: /builddir/build/BUILDROOT/kmod-x-1-1.x86_64/lib/modules/x.ko`,
    'error: File not found: /builddir/build/BUILDROOT/kmod-x-1-1.x86_64/lib/modules/x.ko',
  ],
  [
    'a program that is missing',
    `+ cd /builddir/build/BUILD
+ nosuchprogram --foo
/var/tmp/rpm-tmp.UXAeS2: line 28: nosuchprogram: command not found
error: Bad exit status from /var/tmp/rpm-tmp.UXAeS2 (%build)`,
    '/var/tmp/rpm-tmp.UXAeS2: line 28: nosuchprogram: command not found',
  ],
  [
    'the error, not the recipe that kbuild prints with V=1 (Linux 4.18)',
    `make: Entering directory '/usr/src/kernels/4.18.0-553.el8_10.x86_64'
test -e include/generated/autoconf.h -a -e include/config/auto.conf || (\t\t\\
echo >&2;\t\t\t\t\t\t\t\\
echo >&2 "  ERROR: Kernel configuration is invalid.";\t\t\\
echo >&2 "         include/generated/autoconf.h or include/config/auto.conf are missing.";\\
/bin/false)
/b/x.c:7:1: error: unknown type name ‘bar_t’`,
    '/b/x.c:7:1: error: unknown type name ‘bar_t’',
  ],
  [
    'the error, not the shell commands that rpmbuild shows',
    `+ test -d /nowhere
+ echo 'error: not this'
x.c:1:1: error: this`,
    'x.c:1:1: error: this',
  ],
  [
    'the error, not what a Makefile looks for in vain before it',
    `grep: /boot/config-5.14.0-611.el9.x86_64: No such file or directory
/bin/sh: line 1: pahole: command not found
  CC [M]  /b/x.o
/b/x.c:7:1: error: unknown type name ‘bar_t’`,
    '/b/x.c:7:1: error: unknown type name ‘bar_t’',
  ],
  [
    'what make says when nothing else does',
    "make: *** No rule to make target 'modules'.  Stop.",
    "make: *** No rule to make target 'modules'.  Stop.",
  ],
  ['nothing in a log without an error', '+ exit 0\nWrote: /b/x.rpm\n', undefined],
  ['nothing in an empty log', '', undefined],
  [
    "nothing in rpmbuild's own end alone",
    'error: Bad exit status from /var/tmp/rpm-tmp.A (%build)',
    undefined,
  ],
  [
    "dnf's words in what mock says of them",
    `INFO: mock.py version 6.7 starting (python version = 3.13.1)...
ERROR: Exception(/srv/a-1-1.src.rpm) Config(rekmod-0123456789abcdef) 0 minutes 4 seconds
ERROR: Command failed:
 # /usr/bin/dnf builddep --installroot /var/lib/mock/x/root /builddir/build/SRPMS/a-1-1.src.rpm
No matching package to install: 'nope'
Not all dependencies satisfied
Error: Some packages could not be found.`,
    "No matching package to install: 'nope'",
  ],
];

for (const [what, log, expected] of CASES) {
  test(`findFirstError() finds ${what}`, () => {
    assert.equal(findFirstError(log), expected);
    assert.equal(findFirstError(log.replaceAll('\n', '\r\n')), expected);
  });
}

test('findFirstError() cuts a long line', () => {
  const found = findFirstError(`x.c:1:1: error: ${'y'.repeat(10_000)}`);

  assert.equal(found?.length, 300);
});

test('findFirstError() comes to an end with megabytes on a line and with many lines', () => {
  const logs = [
    'error'.repeat(2_000_000),
    'error *** '.repeat(1_000_000),
    'CC [M] x.o\n'.repeat(5e5),
  ];

  for (const log of logs) assert.equal(findFirstError(log), undefined);
});
