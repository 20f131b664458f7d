import assert from 'node:assert/strict';
import test from 'node:test';
import { compareCompilers, describeCompilerMatch } from '../../plan/compare-compilers.ts';

const RED_HAT = 'gcc (GCC) 11.5.0 20240719 (Red Hat 11.5.0-11)';
const OLDER_RED_HAT = 'gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3)';
const SUSE = 'gcc-13 (SUSE Linux) 13.3.0';
const FEDORA_CLANG = 'clang version 18.1.8 (Fedora 18.1.8-1.fc40)';

const text = (line: string): string => `CONFIG_CC_VERSION_TEXT="${line}"`;

const CASES = [
  ['the same compiler', [text(RED_HAT)], [RED_HAT], { kind: 'same' }],
  [
    'the same compiler under another name',
    [text('gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0')],
    ['gcc (Debian 12.2.0-14+deb12u1) 12.2.0'],
    { kind: 'same' },
  ],
  [
    'another build of the same major version',
    [text(RED_HAT)],
    [OLDER_RED_HAT],
    { kind: 'revision', kernelCompiler: 'gcc 11.5.0', compiler: 'gcc 11.4.1' },
  ],
  [
    'another major version',
    [text(RED_HAT)],
    [SUSE],
    { kind: 'version', kernelCompiler: 'gcc 11.5.0', compiler: 'gcc 13.3.0' },
  ],
  [
    'gcc for a kernel of clang',
    ['CONFIG_CC_IS_CLANG=y', text(FEDORA_CLANG)],
    [RED_HAT],
    { kind: 'other', kernelCompiler: 'clang 18.1.8', compiler: 'gcc 11.5.0' },
  ],
  [
    'the right one of two compilers',
    [text(FEDORA_CLANG)],
    [RED_HAT, FEDORA_CLANG],
    { kind: 'same' },
  ],
  [
    'the number of a kernel that has no text',
    ['CONFIG_CC_IS_GCC=y', 'CONFIG_GCC_VERSION=80500', 'CONFIG_CLANG_VERSION=0'],
    ['gcc (GCC) 8.5.0 20210514 (Red Hat 8.5.0-22)'],
    { kind: 'same' },
  ],
  [
    'the number of a kernel of clang',
    ['CONFIG_GCC_VERSION=0', 'CONFIG_CLANG_VERSION=160006'],
    ['Ubuntu clang version 14.0.0-1ubuntu1'],
    { kind: 'version', kernelCompiler: 'clang 16.0.6', compiler: 'clang 14.0.0' },
  ],
  ['a kernel that does not tell', ['CONFIG_CC_VERSION_TEXT=""'], [RED_HAT], { kind: 'unknown' }],
  ['a buildroot without compiler', [text(RED_HAT)], [], { kind: 'unknown' }],
  ['text that is none', ['=', 'x', text('tcc 0.9')], ['\u0000', 'gcc'], { kind: 'unknown' }],
] as const;

for (const [name, kernelConfig, compilers, expected] of CASES) {
  test(`compareCompilers() tells ${name}`, () => {
    assert.deepEqual(compareCompilers({ kernelConfig, compilers }), expected);
  });
}

test('describeCompilerMatch() names both compilers, and is silent when all is well', () => {
  const of = (compiler: string): string | undefined =>
    describeCompilerMatch(
      compareCompilers({ kernelConfig: [text(RED_HAT)], compilers: [compiler] }),
    );

  assert.equal(of(SUSE), 'the kernel was built by gcc 11.5.0, the buildroot has gcc 13.3.0');
  assert.match(of(OLDER_RED_HAT) ?? '', /has gcc 11\.4\.1: a revision of the same compiler$/);
  assert.equal(of(RED_HAT), undefined);
});
