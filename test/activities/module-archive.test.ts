import assert from 'node:assert/strict';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { makeModuleArchive } from '../../activities/load-test/make-module-archive.ts';
import {
  type ModuleArchive,
  openModuleArchive,
} from '../../activities/load-test/module-archive.ts';
import { planInsertions } from '../../activities/load-test/plan-insertions.ts';
import { ContentInvalidError, StateDamagedError } from '../../model/activity-errors.ts';
import { CpioParseError } from '../../model/parse-errors.ts';
import { makeModule, writeMadeRpm } from '../support/made-modules.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const RELEASE = '5.14.0-611.el9.x86_64';
const signal = new AbortController().signal;
const IMAGE = Buffer.from('an image that is booted as it is');
const MC = makeModule('name=mc');
const VIDEODEV = makeModule('name=videodev', 'depends=mc');
const CRC = makeModule('alias=crypto-crc32c', 'alias=crc32c');
const LIBCRC = makeModule('softdep=pre: crc32c');

function inTree(path: string, root = '/lib/modules'): string {
  return `${root}/${RELEASE}/kernel/${path}`;
}

const CORE = {
  [`/boot/vmlinuz-${RELEASE}`]: new Uint8Array(),
  [`/lib/modules/${RELEASE}/vmlinuz`]: IMAGE,
  [`/lib/modules/${RELEASE}/modules.order`]: Buffer.from('kernel/x.ko'),
  [inTree('drivers/media/mc.ko')]: MC,
  [inTree('drivers/media/videodev.ko.gz')]: new Uint8Array(gzipSync(VIDEODEV)),
  [inTree('arch/x86/crypto/crc32c-intel.ko')]: CRC,
  [inTree('crypto/crc32c_generic.ko')]: CRC,
  [`/lib/modules/${RELEASE}/weak-updates/v4l2loopback.ko`]: MC,
  '/lib/modules/4.18.0/kernel/old.ko': MC,
};

async function makeArchive(
  scratch: Scratch,
  ...packages: readonly Readonly<Record<string, Uint8Array>>[]
): Promise<ModuleArchive> {
  const rpms = packages.map((_, at) => scratch.at(`${at}.rpm`));
  for (const [at, files] of packages.entries()) await writeMadeRpm(scratch.at(`${at}.rpm`), files);
  await makeModuleArchive(scratch.at('archive'), { release: RELEASE, rpms, signal });
  return await openModuleArchive(scratch.at('archive'));
}

test('makeModuleArchive() takes image and modules of this release out of all packages', async () => {
  await using scratch = await makeScratch();
  const more = { [inTree('lib/libcrc32c.ko', '/usr/lib/modules')]: LIBCRC };

  const archive = await makeArchive(scratch, CORE, more);

  assert.equal(archive.release, RELEASE);
  assert.deepEqual(await readFile(archive.kernel), IMAGE);
  for (const [name, bytes] of [
    ['mc', MC],
    ['videodev', VIDEODEV],
    ['libcrc32c', LIBCRC],
  ] as const) {
    assert.deepEqual(archive.find(name), [name]);
    assert.deepEqual(Buffer.from(await archive.read(name, signal)), Buffer.from(bytes));
  }
  assert.deepEqual(archive.find('old'), []);
  assert.deepEqual(archive.find('v4l2loopback'), []);
});

test('makeModuleArchive() knows all modules that offer an algorithm', async () => {
  await using scratch = await makeScratch();

  const archive = await makeArchive(scratch, CORE);

  assert.deepEqual(archive.find('crypto_crc32c'), ['crc32c_generic', 'crc32c_intel']);
  assert.deepEqual(archive.find('constructor'), []);
});

test('makeModuleArchive() leaves nothing when there is no image of this release', async () => {
  await using scratch = await makeScratch();

  await assert.rejects(
    makeArchive(scratch, { '/lib/modules/4.18.0/vmlinuz': IMAGE }),
    (error) =>
      error instanceof ContentInvalidError &&
      error.message === `Cannot use "0.rpm": expected an image of ${RELEASE}, found none`,
  );
  assert.deepEqual(await readdir(scratch.path), ['0.rpm']);
});

test('makeModuleArchive() leaves the archive of before when a package is cut', async () => {
  await using scratch = await makeScratch();
  await makeArchive(scratch, CORE);
  await truncate(scratch.at('0.rpm'), (await readFile(scratch.at('0.rpm'))).length - 300);

  const source = { release: RELEASE, rpms: [scratch.at('0.rpm')], signal };
  await assert.rejects(makeModuleArchive(scratch.at('archive'), source), CpioParseError);

  const archive = await openModuleArchive(scratch.at('archive'));
  assert.deepEqual(archive.find('mc'), ['mc']);
  assert.deepEqual((await readdir(scratch.path)).sort(), ['0.rpm', 'archive']);
});

test('openModuleArchive() refuses what is missing, of another version or cut', async () => {
  await using scratch = await makeScratch();
  await assert.rejects(openModuleArchive(scratch.at('none')), StateDamagedError);

  const archive = await makeArchive(scratch, CORE);
  await truncate(scratch.at('archive', 'modules.pack'), 10);
  await assert.rejects(archive.read('videodev', signal), /found fewer/);

  await writeFile(scratch.at('archive', 'index.json'), '{"version": 0}');
  await assert.rejects(openModuleArchive(scratch.at('archive')), /expected version 1, found 0/);
});

test('planInsertions() puts in-tree modules before what needs them, algorithms among them', async () => {
  await using scratch = await makeScratch();
  const more = { [inTree('lib/libcrc32c.ko')]: LIBCRC };
  const archive = await makeArchive(scratch, CORE, more);
  const modules = [
    { name: 'camera', bytes: makeModule('depends=videodev,camera-common'), parameters: 'debug=1' },
    { name: 'camera_common', bytes: makeModule('depends=libcrc32c,not_there') },
  ];

  const plan = await planInsertions({ modules, alsoInsert: [], archive, signal });

  assert.deepEqual(
    plan.map(({ name, isUnderTest, needs, parameters }) => [name, isUnderTest, needs, parameters]),
    [
      ['mc', false, [], undefined],
      ['videodev', false, [], undefined],
      ['crc32c_generic', false, [], undefined],
      ['crc32c_intel', false, [], undefined],
      ['libcrc32c', false, [], undefined],
      ['camera_common', true, [], undefined],
      ['camera', true, ['camera_common'], 'debug=1'],
    ],
  );
});

test('planInsertions() begins with what is to be there besides, with all that this needs', async () => {
  await using scratch = await makeScratch();
  const archive = await makeArchive(scratch, CORE);
  const modules = [{ name: 'alone', bytes: makeModule('name=alone') }];

  const alsoInsert = ['videodev', 'crypto-crc32c', 'unknown'];
  const plan = await planInsertions({ modules, alsoInsert, archive, signal });

  const names = ['mc', 'videodev', 'crc32c_generic', 'crc32c_intel', 'alone'];
  assert.deepEqual(
    plan.map(({ name }) => name),
    names,
  );
});

test('planInsertions() takes a built module instead of an in-tree one of its name, where it is needed', async () => {
  await using scratch = await makeScratch();
  const archive = await makeArchive(scratch, CORE);
  const modules = [{ name: 'user', bytes: makeModule('depends=videodev') }];
  const givers = [
    { name: 'videodev', bytes: makeModule('softdep=pre: late'), parameters: 'a=1' },
    { name: 'late', bytes: makeModule('name=late') },
    { name: 'nobody-needs-me', bytes: makeModule('name=x') },
  ];

  const plan = await planInsertions({ modules, givers, alsoInsert: [], archive, signal });

  assert.deepEqual(
    plan.map(({ name, isUnderTest, needs, parameters }) => [name, isUnderTest, needs, parameters]),
    [
      ['late', false, [], undefined],
      ['videodev', false, [], 'a=1'],
      ['user', true, ['videodev'], undefined],
    ],
  );
});
