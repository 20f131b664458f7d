import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { type InputLayout, layOutInput } from '../../activities/lay-out-input.ts';
import { toKmodInput } from '../../activities/sources/kmod-input.ts';
import { readSpecFolder } from '../../activities/sources/read-spec-folder.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { Kmod } from '../../model/kmod.ts';
import { SpecParseError } from '../../model/parse-errors.ts';
import { EXTRA_SYMBOLS_FILE } from '../../rpm/spec-extra-symbols.ts';
import { readFixtureText } from '../kabi/fixtures.ts';
import { kernelOf, kmodOf } from '../support/plan-facts.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const EL9 = kernelOf('5.14.0-611.el9');
const LEAP = kernelOf('6.4.0-150600.21', { release: '6.4.0-150600.21-default' });

async function layOut(
  scratch: Scratch,
  specText: string,
  { dialect = 'auto', defines = {}, ...layout }: Omit<InputLayout, 'directory'> & Partial<Kmod>,
): Promise<{ text: string; laidOut: Awaited<ReturnType<typeof layOutInput>> }> {
  await mkdir(scratch.at('sources'));
  const spec = scratch.at('sources', 'demo.spec');
  await writeFile(spec, specText);
  await writeFile(scratch.at('sources', 'kmodtool'), '#!/bin/sh\n', { mode: 0o700 });
  const source = { kind: 'spec', spec, sources: scratch.at('sources') } as const;
  const kmod = kmodOf('demo', { source, dialect, defines });
  const input = toKmodInput(kmod, await readSpecFolder(source));
  const laidOut = await layOutInput(input, { ...layout, directory: scratch.at('input') });
  return { text: await readFile(scratch.at('input', 'demo.spec'), 'utf8'), laidOut };
}

test('layOutInput() gives a build its Release, its defines and its checks', async () => {
  await using scratch = await makeScratch();

  const spec = readFixtureText('specs/elrepo9.spec');
  const { text, laidOut } = await layOut(scratch, spec, { kernel: EL9, buildNumber: 3 });

  assert.match(text, /^Release:\t4%\{\?dist\}\.k5\.14\.0_611\.el9\.x86_64\.b3$/m);
  assert.match(text, /^%if "%\{\?kmod_kernel_version\}" != "5\.14\.0-611\.el9"$/m);
  assert.deepEqual(laidOut, {
    directory: scratch.at('input'),
    spec: 'demo.spec',
    defines: { kmod_kernel_version: '5.14.0-611.el9' },
    expected: {
      dialect: 'elrepo',
      name: 'kmod-*',
      version: '*',
      release: '*.k5.14.0_611.el9.x86_64.b3*',
      directories: ['extra'],
      requires: ['kernel >= 5.14.0-611.el9', 'kernel(*) = *'],
      newBuild: 'replaces',
    },
  });
});

test('layOutInput() adds the macros of the inventory, but not in place of the kernel', async () => {
  await using scratch = await makeScratch();
  const spec = readFixtureText('specs/nvidia-precompiled.spec');
  const defines = { driver: '535.1', kernel: '5.13.0' };

  const { laidOut } = await layOut(scratch, spec, { kernel: EL9, buildNumber: 1, defines });

  assert.deepEqual(laidOut.defines, {
    driver: '535.1',
    kernel: '5.14.0',
    kernel_release: '611',
    kernel_dist: '.el9',
  });
});

test('layOutInput() asserts nothing where only the requirements are read', async () => {
  await using scratch = await makeScratch();
  const spec = readFixtureText('specs/redhat-dup.spec');

  const { text, laidOut } = await layOut(scratch, spec, { kernel: EL9 });

  assert.equal(text, spec.replace('5.14.0-284.11.1.el9_2\n', '5.14.0-611.el9\n'));
  assert.equal(laidOut.expected.release, undefined);
});

test('layOutInput() lets a builder of another user read all and run programs', async () => {
  await using scratch = await makeScratch();

  await layOut(scratch, readFixtureText('specs/elrepo9.spec'), { kernel: EL9, buildNumber: 1 });

  const modes: string[] = [];
  for (const name of ['.', 'demo.spec', 'kmodtool']) {
    modes.push(((await stat(scratch.at('input', name))).mode & 0o777).toString(8));
  }
  assert.deepEqual(modes, ['755', '644', '755']);
});

const CHOSEN: readonly [dialect: string, kernel: Kernel, chosen: string][] = [
  ['auto', EL9, 'rhel-kmp'],
  ['auto', LEAP, 'suse-kmp'],
  ['rhel-kmp', LEAP, 'rhel-kmp'],
  ['suse-kmp', EL9, 'suse-kmp'],
];
for (const [dialect, kernel, chosen] of CHOSEN) {
  test(`layOutInput() builds "dialect: ${dialect}" for ${kernel.release} as ${chosen}`, async () => {
    await using scratch = await makeScratch();
    const spec = readFixtureText('specs/kmp-of-both-vendors.spec');

    const { laidOut } = await layOut(scratch, spec, { kernel, buildNumber: 1, dialect });

    assert.equal(laidOut.expected.dialect, chosen);
  });
}

test('layOutInput() refuses a spec that does not build for the kernel', async () => {
  await using scratch = await makeScratch();
  const spec = '%kernel_module_package -x default\nBuildRequires: kernel-syms\nRelease: 0\n';

  await assert.rejects(layOut(scratch, spec, { kernel: LEAP, buildNumber: 1 }), SpecParseError);
});

test("layOutInput() lays out other kmods' exports beside the sources, and names them to kbuild", async () => {
  await using scratch = await makeScratch();
  const extraSymbols = '0x000000ab\tcore_open\textra/core\tEXPORT_SYMBOL\t\n';

  const { text } = await layOut(
    scratch,
    `${readFixtureText('specs/elrepo9.spec')}\n%build\nmake\n`,
    {
      ...{ kernel: EL9, buildNumber: 1, extraSymbols },
    },
  );

  assert.equal(await readFile(scratch.at('input', EXTRA_SYMBOLS_FILE), 'utf8'), extraSymbols);
  assert.match(text, new RegExp(`^Source\\d+: ${EXTRA_SYMBOLS_FILE}$`, 'm'));
  assert.match(text, /^%build\nexport KBUILD_EXTRA_SYMBOLS="%\{_sourcedir\}\//m);
});

test('layOutInput() leaves out of a preparation what other kmods provide later', async () => {
  await using scratch = await makeScratch();
  const spec = readFixtureText('specs/elrepo9.spec').replace(
    /^(BuildRequires:\tkernel-rpm-macros)$/m,
    '$1, kmod-core-devel',
  );

  const { text } = await layOut(scratch, spec, {
    ...{ kernel: EL9, laterRequirements: new Set(['kmod-core-devel']) },
  });

  assert.match(text, /^BuildRequires: kernel-rpm-macros$/m);
  assert.doesNotMatch(text, /kmod-core-devel/);
});
