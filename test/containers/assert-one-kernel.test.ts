import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const SCRIPT = fileURLToPath(
  new URL('../../containers/scripts/assert-one-kernel.sh', import.meta.url),
);
const EL9 = '5.14.0-611.el9.x86_64';
const LEAP = '6.4.0-150600.21-default';

async function addTree(scratch: Scratch, path: string, release?: string): Promise<void> {
  await mkdir(scratch.at(path, 'include', 'config'), { recursive: true });
  if (release === undefined) return;
  await writeFile(scratch.at(path, 'include', 'config', 'kernel.release'), `${release}\n`);
}

function run(scratch: Scratch, release: string): { exitCode: number | null; said: string } {
  const env = { PATH: process.env.PATH, REKMOD_ROOT: scratch.path };
  const { status, stderr } = spawnSync('bash', [SCRIPT, release], { env, encoding: 'utf8' });
  return { exitCode: status, said: stderr.trim() };
}

const GOOD: readonly [what: string, release: string, trees: readonly [string, string?][]][] = [
  ['a kernel of Red Hat’s', EL9, [[`usr/src/kernels/${EL9}`]]],
  ['a variant of Red Hat’s', `${EL9}+rt`, [[`usr/src/kernels/${EL9}+rt`]]],
  ['a kernel of SUSE’s', LEAP, [['usr/src/linux-6.4.0-150600.21-obj/x86_64/default']]],
  [
    'other flavours of the same release',
    LEAP,
    [
      ['usr/src/linux-6.4.0-150600.21-obj/x86_64/default', LEAP],
      ['usr/src/linux-6.4.0-150600.21-obj/x86_64/azure'],
    ],
  ],
  ['a tree that only a file tells about', LEAP, [['usr/src/linux-obj/x86_64/default', LEAP]]],
  ['a build tree elsewhere', EL9, [[`lib/modules/${EL9}/build`]]],
];
for (const [what, release, trees] of GOOD) {
  test(`assert-one-kernel accepts ${what}`, async () => {
    await using scratch = await makeScratch();
    for (const [path, found] of trees) await addTree(scratch, path, found);

    assert.deepEqual(run(scratch, release), { exitCode: 0, said: '' });
  });
}

const BAD: readonly [
  what: string,
  release: string,
  trees: readonly [string, string?][],
  sentence: string,
][] = [
  [
    'no kernel',
    EL9,
    [],
    `Expected the build tree of ${EL9} under /usr/src/kernels or /usr/src/linux-obj, found none`,
  ],
  [
    'another kernel',
    EL9,
    [['usr/src/kernels/5.14.0-612.el9.x86_64']],
    `Expected the build tree of ${EL9} under /usr/src/kernels or /usr/src/linux-obj, found 5.14.0-612.el9.x86_64`,
  ],
  [
    'a second kernel',
    EL9,
    [[`usr/src/kernels/${EL9}`], ['usr/src/kernels/5.14.0-612.el9.x86_64']],
    `Expected the build tree of ${EL9} alone, found those of 5.14.0-612.el9.x86_64 as well`,
  ],
  [
    'a variant beside the kernel',
    EL9,
    [[`usr/src/kernels/${EL9}`], [`usr/src/kernels/${EL9}+rt`]],
    `Expected the build tree of ${EL9} alone, found those of ${EL9}+rt as well`,
  ],
  [
    'a second kernel of SUSE’s',
    LEAP,
    [
      ['usr/src/linux-6.4.0-150600.21-obj/x86_64/default', LEAP],
      ['usr/src/linux-6.4.0-150600.23-obj/x86_64/default'],
    ],
    `Expected the build tree of ${LEAP} alone, found those of 6.4.0-150600.23-default as well`,
  ],
  [
    'a tree that does not say for what it is',
    LEAP,
    [['usr/src/linux-obj/x86_64/default']],
    `Expected the build tree of ${LEAP} under /usr/src/kernels or /usr/src/linux-obj, found unknown (/usr/src/linux-obj/x86_64/default)`,
  ],
];
for (const [what, release, trees, sentence] of BAD) {
  test(`assert-one-kernel refuses ${what}`, async () => {
    await using scratch = await makeScratch();
    for (const [path, found] of trees) await addTree(scratch, path, found);

    assert.deepEqual(run(scratch, release), { exitCode: 65, said: `rekmod: ${sentence}` });
  });
}

test('assert-one-kernel counts a tree once that has links to it', async () => {
  await using scratch = await makeScratch();
  await addTree(scratch, 'usr/src/linux-6.4.0-150600.21-obj/x86_64/default', LEAP);
  await symlink('linux-6.4.0-150600.21-obj', scratch.at('usr', 'src', 'linux-obj'));
  await mkdir(scratch.at('usr', 'src', 'kernels'));
  await symlink('../linux-obj/x86_64/default', scratch.at('usr', 'src', 'kernels', 'other'));

  assert.deepEqual(run(scratch, LEAP), { exitCode: 0, said: '' });
});
