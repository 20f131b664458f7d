import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { listBackends } from '../../cli/build-backend.ts';
import { checkMock } from '../../cli/check-mock.ts';
import { TARGET } from '../containers/backend-rig.ts';
import { MOCK_TARGET } from '../containers/mock-rig.ts';
import { settingsOf, streamOf } from '../support/data-rig.ts';
import { makeScratch } from '../support/scratch.ts';

const MOCK = { ...MOCK_TARGET, name: 'with-mock', isolation: 'auto' } as const;
const SETTINGS = settingsOf({
  streams: [streamOf({ target: MOCK.name })],
  targets: [MOCK, TARGET],
});

test('checkMock() says nothing when no stream builds with mock', async () => {
  const settings = settingsOf({ targets: [MOCK, TARGET] });

  assert.deepEqual(await checkMock(settings, { PATH: '', uid: 1000, gids: [] }), []);
});

test('checkMock() says that mock is missing, and what to do', async () => {
  assert.deepEqual(await checkMock(SETTINGS, { PATH: '', uid: 1000, gids: [] }), [
    {
      name: 'mock',
      isGood: false,
      found: '"mock" is not on PATH',
      remedy: 'install the package mock and log in as a member of the group "mock"',
    },
  ]);
});

test('checkMock() looks at the root and the isolation of each target that is used', async () => {
  await using scratch = await makeScratch();
  await mkdir(scratch.at('mock'));
  await mkdir(scratch.at('bin'));
  await writeFile(scratch.at('group'), 'mock:x:135:');
  const programs = { mock: 'echo 6.7', createrepo_c: '', unshare: '' };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(scratch.at('bin', name), `#!/bin/sh\n${text}\n`);
    await chmod(scratch.at('bin', name), 0o755);
  }
  const environment = { PATH: scratch.at('bin'), uid: 1000, gids: [135], etc: scratch.path };

  const without = await checkMock(SETTINGS, environment);
  await writeFile(scratch.at('mock', `${MOCK.root}.cfg`), '');
  const good = await checkMock(SETTINGS, environment);
  await writeFile(scratch.at('bin', 'unshare'), '#!/bin/sh\nexit 1\n');
  const open = await checkMock(SETTINGS, environment);

  assert.deepEqual(
    without.map(({ isGood, found }) => [isGood, found]),
    [
      [true, `6.7 at ${scratch.at('bin', 'mock')}, as user 1000`],
      [false, 'mock has no configuration "lab-x86_64"'],
    ],
  );
  assert.ok(good.every(({ isGood }) => isGood));
  // There is no systemd-nspawn on that path either.
  assert.match(open[1]?.found ?? '', /would reach the network/);
});

test('listBackends() counts targets that are used, and wants containers without any', () => {
  assert.deepEqual([...listBackends(SETTINGS)], ['mock']);
  assert.deepEqual([...listBackends(settingsOf({ targets: [TARGET, MOCK] }))], ['container']);
  assert.deepEqual([...listBackends(settingsOf({ streams: [], targets: [MOCK] }))], ['container']);
});
