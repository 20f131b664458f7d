import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import test, { after } from 'node:test';
import type { KmodInput } from '../../activities/kmod-source.ts';
import { ContentInvalidError, NotFoundError } from '../../model/activity-errors.ts';
import type { Kmod } from '../../model/kmod.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { makeDataRig } from '../support/data-rig.ts';
import { kmodOf } from '../support/plan-facts.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';
import { EL9 } from '../support/target-kernels.ts';

const signal = new AbortController().signal;
const SRPM = fixturePath('rpms/kmod-demo-1.0~rc1-1.src.src.rpm');
const SPEC = await readFile(fixturePath('specs/elrepo9.spec'), 'utf8');

const rig = await makeDataRig();
after(() => rig[Symbol.asyncDispose]());

async function readKmod(kmod: Kmod): Promise<KmodInput> {
  return await rig.readKmod(kmod, { signal });
}

/** A spec with sources beside it, or in a directory of their own. */
async function layOut(scratch: Scratch, isApart = false): Promise<Kmod> {
  const sources = isApart ? scratch.at('sources') : scratch.path;
  await mkdir(sources, { recursive: true });
  const spec = scratch.at('kmod-demo.spec');
  await writeFile(spec, SPEC);
  await writeFile(`${sources}/demo-1.2.tar.gz`, 'sources');
  await writeFile(`${sources}/fix.patch`, 'patch');
  return kmodOf('demo', { source: { kind: 'spec', spec, sources }, dialect: 'auto' });
}

async function digestOf(kmod: Kmod): Promise<string> {
  return (await readKmod(kmod)).sourceDigest;
}

async function copied(input: KmodInput, scratch: Scratch): Promise<readonly string[]> {
  await input.copySources(scratch.at('copy', 'deep'));
  return (await readdir(scratch.at('copy', 'deep'))).sort();
}

for (const isApart of [false, true]) {
  const where = isApart ? 'in a directory of their own' : 'beside the spec';
  test(`readKmod() reads a spec with sources ${where}`, async () => {
    await using scratch = await makeScratch();

    const input = await readKmod(await layOut(scratch, isApart));

    assert.deepEqual(
      [input.specName, input.specText, input.dialectFor(EL9).name],
      ['kmod-demo.spec', SPEC, 'elrepo'],
    );
    assert.deepEqual(await copied(input, scratch), ['demo-1.2.tar.gz', 'fix.patch']);
    assert.equal(await readFile(scratch.at('copy', 'deep', 'fix.patch'), 'utf8'), 'patch');
  });
}

test('readKmod() gives the same digest wherever spec and sources lie', async () => {
  await using one = await makeScratch();
  await using other = await makeScratch();

  const digests = [await digestOf(await layOut(one)), await digestOf(await layOut(other, true))];

  assert.equal(digests[0], digests[1]);
});

const CHANGES: readonly [what: string, change: (scratch: Scratch) => Promise<unknown>][] = [
  ['the spec changes', (scratch) => writeFile(scratch.at('kmod-demo.spec'), `${SPEC}\n`)],
  ['a source changes', (scratch) => writeFile(scratch.at('fix.patch'), 'Patch')],
  ['a source is added', (scratch) => writeFile(scratch.at('other.patch'), '')],
  [
    'a source gets another name',
    (scratch) => rename(scratch.at('fix.patch'), scratch.at('f.patch')),
  ],
];

for (const [what, change] of CHANGES) {
  test(`readKmod() gives another digest when ${what}`, async () => {
    await using scratch = await makeScratch();
    const kmod = await layOut(scratch);
    const before = await digestOf(kmod);

    await change(scratch);

    assert.notEqual(await digestOf(kmod), before);
  });
}

test('readKmod() tells apart where one source ends and the next begins', async () => {
  const digests: string[] = [];
  for (const [one, other] of [
    ['ab', 'c'],
    ['a', 'bc'],
  ] as const) {
    await using scratch = await makeScratch();
    const kmod = await layOut(scratch);
    await writeFile(scratch.at('x1'), one);
    await writeFile(scratch.at('x2'), other);
    digests.push(await digestOf(kmod));
  }

  assert.notEqual(digests[0], digests[1]);
});

test('readKmod() takes a source that is a symbolic link', async () => {
  await using scratch = await makeScratch();
  const kmod = await layOut(scratch, true);
  await rename(scratch.at('sources', 'fix.patch'), scratch.at('shared.patch'));
  await symlink('../shared.patch', scratch.at('sources', 'fix.patch'));

  const input = await readKmod(kmod);

  assert.deepEqual(await copied(input, scratch), ['demo-1.2.tar.gz', 'fix.patch']);
  assert.equal(await readFile(scratch.at('copy', 'deep', 'fix.patch'), 'utf8'), 'patch');
  await using plain = await makeScratch();
  assert.equal(input.sourceDigest, await digestOf(await layOut(plain)));
});

test('readKmod() gives a source package the digest of its spec and sources', async () => {
  await using scratch = await makeScratch();
  const dialect = 'elrepo';
  const packed = await readKmod(kmodOf('demo', { source: { kind: 'srpm', path: SRPM }, dialect }));

  assert.equal(packed.specName, 'kmod-demo.spec');
  assert.deepEqual(await copied(packed, scratch), ['virtio_dma_buf.ko']);
  const spec = scratch.at(packed.specName);
  await writeFile(spec, packed.specText);
  const source = { kind: 'spec', spec, sources: scratch.at('copy', 'deep') } as const;
  assert.equal(packed.sourceDigest, await digestOf(kmodOf('demo', { source, dialect })));
});

const MISSING = { kind: 'spec', spec: '/none/kmod.spec', sources: '/none' } as const;

for (const source of [MISSING, { kind: 'srpm', path: '/none/a.src.rpm' } as const]) {
  test(`readKmod() says which file of a ${source.kind} is missing`, async () => {
    await assert.rejects(readKmod(kmodOf('demo', { source })), (error) => {
      assert.ok(error instanceof NotFoundError);
      assert.match(error.message, /^Cannot read the source of "demo": .*ENOENT.*\/none\//);
      return true;
    });
  });
}

test('readKmod() says that the directory of sources is missing', async () => {
  await using scratch = await makeScratch();
  const { source, ...kmod } = await layOut(scratch);
  assert.ok(source.kind === 'spec');

  const moved = { ...kmod, source: { ...source, sources: scratch.at('none') } };

  await assert.rejects(readKmod(moved), NotFoundError);
});

async function assertInvalid(kmod: Kmod, message: RegExp): Promise<void> {
  await assert.rejects(readKmod(kmod), (error) => {
    assert.ok(error instanceof ContentInvalidError);
    assert.match(error.message, message);
    return true;
  });
}

test('readKmod() says that a dialect is unknown, or that none was recognized', async () => {
  await using scratch = await makeScratch();
  const kmod = await layOut(scratch);
  await assertInvalid(
    { ...kmod, dialect: 'gentoo' },
    /^Cannot use "demo": expected a dialect \(kmodtool, .*, rhel-kmp\), found "gentoo"$/,
  );

  await writeFile(scratch.at('kmod-demo.spec'), 'Name: demo\n');

  await assertInvalid(kmod, /expected a spec of a known dialect.*name it with "dialect:"$/);
});

test('readKmod() refuses a package that is no source package', async () => {
  const path = fixturePath('rpms/kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm');

  await assertInvalid(
    kmodOf('demo', { source: { kind: 'srpm', path } }),
    /expected one spec, found 0$/,
  );
});
