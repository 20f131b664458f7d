import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runProgram } from '../../activities/run-program.ts';
import { type StreamLook, watchActivities } from '../../activities/watch.ts';
import type { Stream } from '../../model/settings.ts';
import { formatEvr } from '../../rpm/evr.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { kernelOf } from '../support/plan-facts.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

// Real metadata by createrepo_c of empty packages: two point releases, two flavours, two architectures.

const FAMILY = {
  core: 'kernel-{flavour}-core',
  devel: 'kernel-{flavour}-devel',
  flavours: ['default', 'rt'],
};
const RELEASES = { '9.4': ['427.el9_4'], '9.5': ['503.el9_5'] } as const;
let scratch: Scratch;

/** Makes the packages of both flavours for one kernel. */
async function makePackages(directory: string, release: string, arch: string): Promise<void> {
  const names = FAMILY.flavours.flatMap((flavour) =>
    [FAMILY.core, FAMILY.devel].map((pattern) => pattern.replace('{flavour}', flavour)),
  );
  const spec = scratch.at(`${release}-${arch}.spec`);
  const head = [
    ...['Name: kernel', 'Version: 5.14.0', `Release: ${release}`, 'Summary: none'],
    ...['License: none', '%description', 'None.'],
  ];
  const parts = names.flatMap((name) => [
    ...[`%package -n ${name}`, 'Summary: none', `%description -n ${name}`, 'None.'],
    `%files -n ${name}`,
  ]);
  await writeFile(spec, [...head, ...parts, ''].join('\n'));
  const macros = [`_topdir ${scratch.at('top')}`, `_rpmdir ${directory}`];
  const defines = macros.flatMap((macro) => ['--define', macro]);
  await runProgram(['rpmbuild', '-bb', '--target', arch, ...defines, spec]);
}

before(async () => {
  scratch = await makeScratch();
  for (const [index, [point, [release]]] of Object.entries(RELEASES).entries()) {
    const directory = scratch.at(point);
    await mkdir(directory);
    await makePackages(directory, release, 'x86_64');
    if (point === '9.4') await makePackages(directory, release, 'aarch64');
    // By default the time in seconds, in which both are made.
    const revision = ['--revision', `${index + 1}`];
    await runProgram(['createrepo_c', '--quiet', '--no-database', ...revision, directory]);
  }
});

after(() => scratch[Symbol.asyncDispose]());

async function moveTo(point: string): Promise<void> {
  await rm(scratch.at('9'), { force: true });
  await symlink(point, scratch.at('9'));
}

async function look(rig: DataRig, changes: Partial<Stream> = {}): Promise<StreamLook> {
  const url = pathToFileURL(scratch.at('9')).href;
  const stream = streamOf({ urls: [url], family: FAMILY, ...changes });
  const activities = watchActivities({ ...rig, settings: settingsOf({ streams: [stream] }) });
  return await inActivity(() => activities.lookAtStream({ stream: 'lab' }));
}

function namesOf({ newKernels }: StreamLook): readonly string[] {
  return newKernels.map(({ flavour, arch, evr }) => `${flavour} ${formatEvr(evr)} ${arch}`);
}

test('lookAtStream() takes each flavour of a stream, of its architecture alone', async () => {
  await moveTo('9.4');
  await using rig = await makeDataRig();
  await using other = await makeDataRig();
  await using rtOnly = await makeDataRig();

  const names = namesOf(await look(rig));
  const onArm = namesOf(await look(other, { arch: 'aarch64' }));
  const ofRt = namesOf(await look(rtOnly, { family: { ...FAMILY, flavours: ['rt'] } }));

  assert.deepEqual(names, ['default 5.14.0-427.el9_4 x86_64', 'rt 5.14.0-427.el9_4 x86_64']);
  assert.deepEqual(
    onArm,
    names.map((name) => name.replace('x86_64', 'aarch64')),
  );
  assert.deepEqual(ofRt, ['rt 5.14.0-427.el9_4 x86_64']);
});

test('lookAtStream() follows a URL that moves to another point release, and not back', async () => {
  await using rig = await makeDataRig();
  await moveTo('9.4');
  await look(rig);
  for (const flavour of FAMILY.flavours) {
    const kernel = kernelOf('5.14.0-427.el9_4');
    const release = flavour === 'rt' ? `${kernel.release}+rt` : kernel.release;
    await rig.records.writeKernel({ ...kernel, flavour, release });
  }

  await moveTo('9.5');
  const moved = await look(rig);

  assert.deepEqual(namesOf(moved), [
    'default 5.14.0-503.el9_5 x86_64',
    'rt 5.14.0-503.el9_5 x86_64',
  ]);
  const record = await rig.records.readStream('lab');
  assert.deepEqual(record?.withdrawn, []);
  assert.deepEqual(Object.values(record?.goneSince ?? {}), [NOW, NOW]);

  await moveTo('9.4');
  await assert.rejects(look(rig), /all kernels of flavour "default" vanished|went back in time/);
});
