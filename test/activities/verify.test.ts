import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import type { BuildOutput } from '../../activities/build.ts';
import { outcomeActivities } from '../../activities/outcomes.ts';
import { openSymversReader } from '../../activities/symvers-reader.ts';
import { type VerifyEnd, verifyActivities } from '../../activities/verify.ts';
import { NotFoundError } from '../../model/activity-errors.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { PlannedCell } from '../../model/plan.ts';
import { type ExpectedPackages, findDialect } from '../../rpm/spec.ts';
import { fixturePath, readFixtureText } from '../kabi/fixtures.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, settingsOf } from '../support/data-rig.ts';
import { INPUT, kernelOf, moduleOf, publishedOf, SOURCE } from '../support/plan-facts.ts';
import { DEBIAN } from '../support/target-kernels.ts';

const RELEASE = '6.1.0-54-amd64';
const SYMVERS = readFixtureText('symvers/debian-6.1.0-54-amd64.symvers');
const CELL: PlannedCell = {
  stream: 'lab',
  kmod: 'demo',
  release: RELEASE,
  arch: 'x86_64',
  verdict: { kind: 'rebuild', why: 'never-built' },
  wave: 0,
  needs: [],
  required: true,
  sourceDigest: SOURCE,
  inputDigest: INPUT,
  buildNumber: 1,
};

/** Nothing is published in these tests, so nothing is looked up. */
const PUBLISHER = { settings: settingsOf(), publicKeys: { directory: '/none' } };

/** Verifies packages of the fixtures that claim to be built for Debian's kernel. */
async function verify(
  rig: DataRig,
  fixtures: readonly string[],
  {
    symvers = SYMVERS,
    kernel = {},
    cell: changes = {},
    expected,
  }: {
    symvers?: string;
    kernel?: Partial<Kernel>;
    cell?: Partial<PlannedCell>;
    expected?: ExpectedPackages;
  } = {},
): Promise<VerifyEnd> {
  const stored = { ...(await rig.store.addText(symvers)), symbolCount: 1 };
  await rig.records.writeKernel(
    kernelOf('6.1.0-54', { release: RELEASE, symvers: stored, ...kernel }),
  );
  const readSymvers = openSymversReader(rig.store);
  const { verifyBuild } = verifyActivities({ ...rig, ...PUBLISHER, readSymvers });
  const files: BuildOutput[] = [];
  for (const fileName of fixtures) {
    files.push({ fileName, ...(await rig.store.addFile(fixturePath(`rpms/${fileName}`))) });
  }
  const cell = { ...CELL, ...changes, release: kernel.release ?? RELEASE };
  return await inActivity(() => verifyBuild({ cell, files, ...(expected ? { expected } : {}) }));
}

for (const payload of ['gzdio', 'xzdio', 'zstdio']) {
  test(`verifyBuild() verifies a real module in a package with ${payload}`, async () => {
    await using rig = await makeDataRig();
    const fileName = `kmod-demo-1.0~rc1-1.${payload}.x86_64.rpm`;

    const end = await verify(rig, [fileName]);

    assert.ok(end.kind === 'verified', JSON.stringify(end));
    assert.deepEqual(
      end.packages.map((file) => [file.fileName, file.nevra.name, file.nevra.epoch]),
      [[fileName, 'kmod-demo', 1]],
    );
    assert.equal(end.modules.moduleCount, 1);
    const facts: unknown = JSON.parse(await readFile(await rig.store.require(end.modules), 'utf8'));
    assert.match(JSON.stringify(facts), /"virtio_dma_buf_export"/);
    const uses = end.uses && rig.records.readUses(end.uses).get('virtio_dma_buf');
    assert.deepEqual(uses?.get('dma_buf_export'), ['virtio_dma_buf_export']);
  });
}

test('verifyBuild() refuses modules for another kernel, and says so of each', async () => {
  await using rig = await makeDataRig();
  const kernel = { release: '6.1.0-55-amd64' };

  const end = await verify(rig, ['kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm'], { kernel });

  assert.ok(end.kind === 'refused');
  assert.match(end.problems.join('\n'), /expected vermagic of 6\.1\.0-55-amd64/);
  assert.match(end.problems.join('\n'), /expected a path below \/lib\/modules\/6\.1\.0-55-amd64/);
});

test('verifyBuild() refuses packages that the dialect of the spec does not make', async () => {
  await using rig = await makeDataRig();
  const expected = findDialect('kmodtool')?.expectPackages('', DEBIAN);
  assert.ok(expected);

  const end = await verify(rig, ['kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm'], { expected });

  assert.deepEqual(end, {
    kind: 'refused',
    problems: [
      'kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm: expected the name kmod-*-6.1.0-54-amd64 (dialect kmodtool), found kmod-demo',
    ],
  });
});

test('verifyBuild() refuses a CRC that is not the kernel’s, and a symbol that is gone', async () => {
  await using rig = await makeDataRig();
  const symvers = SYMVERS.replace(
    /^0x[0-9a-f]{8}\tmodule_layout\t/m,
    '0x00000001\tmodule_layout\t',
  );

  const end = await verify(rig, ['kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm'], { symvers });

  assert.deepEqual(end, {
    kind: 'refused',
    problems: ["virtio_dma_buf: its CRC of the symbol module_layout is not the kernel's"],
  });
  const gone = await verify(rig, ['kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm'], { symvers: '' });
  assert.match(gone.kind === 'refused' ? gone.problems.join() : '', /nothing exports the symbol/);
});

test('verifyBuild() resolves against the build of another kmod that this kernel keeps', async () => {
  await using rig = await makeDataRig();
  const provider = { stream: 'lab', kmod: 'provider', arch: 'x86_64' };
  const crcs = { '6.1.0-54': 178888104, '6.1.0-56': 7 };
  for (const [evr, crc] of Object.entries(crcs)) {
    const release = `${evr}-older`;
    await rig.records.writeKernel(kernelOf(evr, { release }));
    const exporter = moduleOf('provider', { exports: { dma_buf_export: crc } });
    const facts = await rig.store.addText(JSON.stringify([exporter]));
    await inActivity(() =>
      outcomeActivities(rig).recordOutcome({
        ...provider,
        release,
        verdict: { kind: 'rebuild', why: 'never-built' },
        outcome: publishedOf({ ...facts, moduleCount: 1 }),
      }),
    );
  }
  const donor = '6.1.0-54-older';
  await inActivity(() =>
    outcomeActivities(rig).recordOutcome({
      ...provider,
      release: RELEASE,
      verdict: { kind: 'keep', why: 'compatible', donor, importCount: 1 },
      outcome: { kind: 'kept' },
    }),
  );
  const symvers = SYMVERS.replace(/^.*\tdma_buf_export\t.*\n/m, '');

  const end = await verify(rig, ['kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm'], {
    symvers,
    cell: { needs: ['provider'] },
  });

  assert.equal(end.kind, 'verified', JSON.stringify(end));
});

test('verifyBuild() refuses a build without modules', async () => {
  await using rig = await makeDataRig();

  assert.deepEqual(await verify(rig, ['kernel-devel-6.1.0-54.el9.x86_64.rpm']), {
    kind: 'refused',
    problems: ['expected kernel modules in the packages, found none'],
  });
  assert.deepEqual(await verify(rig, []), {
    kind: 'refused',
    problems: ['expected packages, found none'],
  });
});

test('verifyBuild() does not know a kernel that was never seen', async () => {
  await using rig = await makeDataRig();
  const { verifyBuild } = verifyActivities({
    ...rig,
    ...PUBLISHER,
    readSymvers: openSymversReader(rig.store),
  });

  await assert.rejects(
    inActivity(() => verifyBuild({ cell: CELL, files: [] })),
    NotFoundError,
  );
});

test('verifyBuild() resolves against a package of another kmod that somebody else built', async () => {
  await using rig = await makeDataRig();
  const donor = '6.1.0-53-amd64';
  await inActivity(() =>
    outcomeActivities(rig).recordOutcome({
      ...{ stream: 'lab', kmod: 'provider', arch: 'x86_64', release: RELEASE },
      verdict: { kind: 'keep', why: 'compatible', donor, importCount: 1 },
      outcome: { kind: 'kept' },
    }),
  );
  const modules = [moduleOf('provider', { exports: { dma_buf_export: 178888104 } })];
  const foreign: DataRig = {
    ...rig,
    readForeignBuilds: async (kmod) => (kmod === 'provider' ? [{ release: donor, modules }] : []),
  };
  const request = {
    symvers: SYMVERS.replace(/^.*\tdma_buf_export\t.*\n/m, ''),
    cell: { needs: ['provider'] },
  };
  const fileName = 'kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm';

  assert.equal((await verify(foreign, [fileName], request)).kind, 'verified');
  assert.equal((await verify(rig, [fileName], request)).kind, 'refused');
});
