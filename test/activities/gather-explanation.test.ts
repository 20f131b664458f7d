import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { openForeignBuildReader } from '../../activities/foreign-builds.ts';
import {
  type GatheredExplanation,
  gatherExplanation,
} from '../../activities/gather-explanation.ts';
import { openSymversReader } from '../../activities/symvers-reader.ts';
import type { CellOutcome, CellRecord } from '../../model/cell.ts';
import type { PackagedModule } from '../../model/kabi.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { Kmod } from '../../model/kmod.ts';
import type { Stream } from '../../model/settings.ts';
import type { ModuleUses } from '../../model/symbol-uses.ts';
import { fixturePath, readFixtureText } from '../kabi/fixtures.ts';
import { type DataRig, makeDataRig, NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { kernelOf, kmodOf, moduleOf } from '../support/plan-facts.ts';

const OLD = 'strlcpy kfree';
const NEW = 'kfree';
const MODULE = moduleOf('jool', { imports: { strlcpy: 1, kfree: 1 } });
const USES: readonly ModuleUses[] = [
  { module: 'jool', path: MODULE.path, uses: [['strlcpy', ['rtrie_print']]] },
];

/** A kernel of a stream that exports some symbols, all with CRC 1. */
async function addKernel(rig: DataRig, evr: string, names: string, stream = 'lab') {
  const rows = names.split(' ').map((name) => `0x00000001\t${name}\tvmlinux\tEXPORT_SYMBOL\t\n`);
  const symvers = { ...(await rig.store.addText(rows.join(''))), symbolCount: rows.length };
  const kernel = kernelOf(evr, { stream, symvers });
  await rig.records.writeKernel(kernel);
  return kernel;
}

async function addKmod(rig: DataRig, streams: readonly string[] = ['lab']): Promise<Kmod> {
  const spec = rig.scratch.at('jool-kmod.spec');
  await writeFile(spec, readFixtureText('specs/elrepo9.spec'));
  const source = { kind: 'spec', spec, sources: rig.scratch.path } as const;
  return kmodOf('jool', { source, streams });
}

/** Records how the work on a cell ended; what was published has the source of this moment. */
async function addRecord(
  rig: DataRig,
  kmod: Kmod,
  { kernel, outcome }: { readonly kernel: Kernel; readonly outcome: CellOutcome },
): Promise<void> {
  const { stream, release, arch } = kernel;
  const record: CellRecord = {
    ...{ stream, release, arch, kmod: kmod.name, outcome },
    verdict: { kind: 'rebuild', why: 'never-built' },
    ...(outcome.kind === 'published' ? { lastBuild: outcome } : {}),
    updatedAt: NOW,
    workflowId: 'rebuild/jool',
    runId: 'run',
  };
  await rig.records.writeCell(record);
}

async function publishedOf(
  rig: DataRig,
  kmod: Kmod,
  { kernel, modules = [MODULE] }: { kernel: Kernel; modules?: readonly PackagedModule[] },
): Promise<CellOutcome> {
  const { now } = await gather(rig, kmod, kernel);
  if (!now) throw new Error('BUG: the source cannot be read');
  return {
    kind: 'published',
    packages: [],
    repository: 'kmods',
    snapshot: '000001',
    build: {
      inputDigest: now.inputDigest,
      sourceDigest: now.sourceDigest,
      buildNumber: 1,
      durationMs: 61_000,
      modules: { ...(await rig.store.addText(JSON.stringify(modules))), moduleCount: 1 },
      uses: await rig.store.addText(JSON.stringify(USES)),
      attemptLog: 'logs/a.log',
    },
  };
}

async function gather(
  rig: DataRig,
  kmod: Kmod,
  { stream, release }: Kernel,
  streams: readonly Stream[] = [streamOf()],
): Promise<GatheredExplanation> {
  const deps = {
    settings: settingsOf({ streams, kmods: [kmod] }),
    ...rig,
    readSymvers: openSymversReader(rig.store),
    readForeignBuilds: openForeignBuildReader([kmod]),
  };
  const key = { stream, release, kmod: kmod.name };
  return await gatherExplanation(key, deps, new AbortController().signal);
}

/** A kmod that is published for the kernel that exports {@link OLD}. */
async function addPublishedKmod(rig: DataRig): Promise<Kmod> {
  const kmod = await addKmod(rig);
  const old = await addKernel(rig, '5.14.0-611', OLD);
  await addRecord(rig, kmod, {
    kernel: old,
    outcome: await publishedOf(rig, kmod, { kernel: old }),
  });
  return kmod;
}

test('gatherExplanation() explains a cell that nobody worked on by the verdict of this moment', async () => {
  await using rig = await makeDataRig();
  const kernel = await addKernel(rig, '5.14.0-611', OLD);

  const { headline, record, now, fault } = await gather(rig, await addKmod(rig), kernel);

  assert.match(
    headline,
    /^jool must be compiled for kernel 5\.14\.0-611\.x86_64, because that has/,
  );
  assert.deepEqual([record, now?.verdict.kind, fault], [undefined, 'rebuild', undefined]);
});

test('gatherExplanation() names who exported a lost symbol, and which functions use it', async () => {
  await using rig = await makeDataRig();
  const kmod = await addPublishedKmod(rig);
  const kernel = await addKernel(rig, '5.14.0-612', NEW);

  const { headline, symbols } = await gather(rig, kmod, kernel);

  assert.match(
    headline,
    /^jool is expected not to compile .* function strlcpy, which it uses, is gone/,
  );
  assert.deepEqual(symbols, [
    {
      kind: 'lost',
      symbol: 'strlcpy',
      usedBy: 'jool',
      wantedCrc: 1,
      provider: 'vmlinux',
      functions: ['rtrie_print'],
      subsystem: "the kernel's core",
      follows: 'build is expected to fail: `strlcpy` is gone',
    },
  ]);
});

test('gatherExplanation() says less where uses and older kernel are damaged, but no other', async () => {
  await using rig = await makeDataRig();
  const kmod = await addKmod(rig);
  const old = await addKernel(rig, '5.14.0-611', OLD);
  const outcome = await publishedOf(rig, kmod, { kernel: old });
  await addRecord(rig, kmod, { kernel: old, outcome });
  const kernel = await addKernel(rig, '5.14.0-612', NEW);
  const uses = outcome.kind === 'published' ? outcome.build.uses?.sha256 : undefined;
  await writeFile(rig.store.pathOf(uses ?? ''), '{}');
  await rm(rig.store.pathOf(old.symvers.sha256));

  const { symbols } = await gather(rig, kmod, kernel);

  assert.deepEqual(
    symbols.map(({ symbol, functions, provider }) => [symbol, functions, provider]),
    [['strlcpy', undefined, undefined]],
  );
});

test('gatherExplanation() marks symbols by the stream’s lists, and goes on without a broken one', async () => {
  await using rig = await makeDataRig();
  const kmod = await addPublishedKmod(rig);
  const kernel = await addKernel(rig, '5.14.0-612', NEW);
  // Not among the kmod's sources: another file there would be another source.
  const [stablelist, severities] = [
    rig.scratch.at('home', 'stable'),
    rig.scratch.at('home', 'kabi'),
  ];
  const streams = [streamOf({ stablelist, severities })];
  await writeFile(stablelist, '[rhel9_x86_64_stablelist]\n\tstrlcpy\n');
  await writeFile(severities, 'vmlinux PASS\n');
  const before = await gather(rig, kmod, kernel, streams);
  await writeFile(stablelist, 'no list\n');

  const broken = await gather(rig, kmod, kernel, streams);

  assert.deepEqual([before.symbols[0]?.isStable, before.symbols[0]?.isTolerated], [true, true]);
  assert.deepEqual(
    [broken.symbols[0]?.isStable, broken.symbols[0]?.isTolerated],
    [undefined, undefined],
  );
  assert.equal(broken.headline, before.headline);
});

test('gatherExplanation() tells how the work ended, and what is news since then', async () => {
  await using rig = await makeDataRig();
  const kmod = await addKmod(rig);
  const kernel = await addKernel(rig, '5.14.0-611', OLD);
  await addRecord(rig, kmod, { kernel, outcome: await publishedOf(rig, kmod, { kernel }) });
  const before = await gather(rig, kmod, kernel);
  await writeFile(rig.scratch.at('jool.tar.gz'), 'a new source');

  const after = await gather(rig, kmod, kernel);

  assert.match(
    before.headline,
    /^jool has been compiled .* and is published; there is nothing to do/,
  );
  assert.equal(after.headline, before.headline);
  const newsOf = ({ facts }: GatheredExplanation) =>
    facts.flatMap(({ label, text }) => (label === 'by now' ? [text] : []));
  assert.deepEqual(newsOf(before), []);
  assert.match(
    newsOf(after).join(),
    /its source has changed .*; run "rekmod rebuild jool --kernel/,
  );
});

test('gatherExplanation() says that a source cannot be read, with and without a record', async () => {
  await using rig = await makeDataRig();
  const kmod = await addKmod(rig);
  const kernel = await addKernel(rig, '5.14.0-611', OLD);
  const reason = 'Cannot read the source of "jool": no such file';
  const outcome = { kind: 'failed', step: 'prepare', reason, durationMs: 0 } as const;
  await rm(rig.scratch.at('jool-kmod.spec'));

  const without = await gather(rig, kmod, kernel);
  await addRecord(rig, kmod, { kernel, outcome });
  const withRecord = await gather(rig, kmod, kernel);

  assert.match(without.headline, /^jool cannot be compiled for kernel .*its source cannot be used/);
  assert.match(without.fault ?? '', /jool-kmod\.spec/);
  assert.match(
    withRecord.headline,
    /^jool was not compiled .*, because that could not be prepared/,
  );
  assert.ok(withRecord.facts.some(({ label }) => label === 'source'));
});

test('gatherExplanation() explains the same release of two streams apart', async () => {
  await using rig = await makeDataRig();
  const kmod = await addKmod(rig, ['lab', 'other']);
  const streams = [streamOf(), streamOf({ name: 'other' })];
  const lab = await addKernel(rig, '5.14.0-611', OLD);
  const other = await addKernel(rig, '5.14.0-611', OLD, 'other');
  await addRecord(rig, kmod, { kernel: lab, outcome: { kind: 'cancelled' } });

  const states = [
    await gather(rig, kmod, lab, streams),
    await gather(rig, kmod, other, streams),
  ].map(({ stream, state }) => `${stream} ${state}`);

  assert.deepEqual(states, ['lab cancelled', 'other waiting']);
});

test('gatherExplanation() keeps what somebody else built as long as it fits, then builds the source', async () => {
  await using rig = await makeDataRig();
  const real = readFixtureText('symvers/debian-6.1.0-54-amd64.symvers');
  const changed = readFixtureText('symvers/debian-6.1.0-55-amd64.symvers');
  const paths = [fixturePath('rpms/kmod-demo-1.0~rc1-1.xzdio.x86_64.rpm')];
  const kmod = { ...(await addKmod(rig)), binaries: { paths, names: [] } };
  const explain = async (release: string, text: string) => {
    const symvers = { ...(await rig.store.addText(text)), symbolCount: 1 };
    const kernel = kernelOf('6.1.0-54', { release, symvers });
    await rig.records.writeKernel(kernel);
    return (await gather(rig, kmod, kernel)).now;
  };

  const own = await explain('6.1.0-54-amd64', real);
  const same = await explain('6.1.0-56-amd64', real);
  const other = await explain('6.1.0-55-amd64', changed);
  const flavour = await explain('6.1.0-56-rt-amd64', real);

  assert.deepEqual(own?.verdict, { kind: 'keep', why: 'built-for-this-kernel' });
  assert.deepEqual(same?.verdict, {
    kind: 'keep',
    why: 'compatible',
    donor: '6.1.0-54-amd64',
    importCount: 5,
  });
  assert.ok(other?.verdict.kind === 'rebuild' && other.verdict.why === 'crc-changed');
  assert.deepEqual([other.verdict.donor, other.buildNumber], ['6.1.0-54-amd64', 1]);
  assert.equal(other.expectedSeconds, undefined);
  assert.deepEqual(flavour?.verdict, { kind: 'rebuild', why: 'never-built' });
});
