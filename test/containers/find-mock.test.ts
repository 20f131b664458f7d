import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { findMock, type MockEnvironment, requireMock } from '../../containers/mock/find-mock.ts';
import { MockUnusableError } from '../../model/mock-errors.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

interface Machine extends AsyncDisposable {
  readonly scratch: Scratch;
  readonly environment: MockEnvironment;
}

/** A machine whose only programs are those that are given, with a user in the group mock. */
async function makeMachine(programs: Readonly<Record<string, string>>): Promise<Machine> {
  const scratch = await makeScratch();
  await mkdir(scratch.at('bin'));
  await writeFile(scratch.at('group'), 'mock:x:135:\n');
  await writeFile(scratch.at('passwd'), '');
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(scratch.at('bin', name), `#!/bin/sh\n${text}\n`);
    await chmod(scratch.at('bin', name), 0o755);
  }
  return {
    scratch,
    environment: { PATH: scratch.at('bin'), uid: 1000, gids: [135], etc: scratch.path },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

const PROGRAMS = { mock: 'echo 6.7', createrepo_c: '' };

test('findMock() finds mock with its version, user and what the machine can do', async () => {
  await using machine = await makeMachine({
    ...PROGRAMS,
    'systemd-nspawn': '',
    unshare: '[ "$*" = "--net -- true" ]',
  });

  const program = await requireMock(machine.environment);

  assert.equal(program.path, machine.scratch.at('bin', 'mock'));
  assert.equal(program.version, '6.7');
  assert.equal(program.configDirectory, machine.scratch.at('mock'));
  assert.equal(program.account.uid, 1000);
  assert.equal(program.isolation.hasNspawn, true);
  assert.equal(program.isolation.canUnshareNetwork, true);
});

test('findMock() knows when a network namespace cannot be had', async () => {
  await using machine = await makeMachine({ ...PROGRAMS, unshare: 'exit 1' });
  const search = await findMock(machine.environment);

  assert.equal(search.kind === 'found' && search.program.isolation.canUnshareNetwork, false);
  assert.equal(search.kind === 'found' && search.program.isolation.hasNspawn, false);
});

const UNUSABLE: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  ['there is none', {}, /^"mock" is not on PATH$/],
  ['it is too old', { ...PROGRAMS, mock: 'echo 2.17' }, /expected mock 6 or newer .* found 2\.17$/],
  ['it is something else', { ...PROGRAMS, mock: 'echo usage' }, /found another program$/],
  ['it cannot run', { ...PROGRAMS, mock: 'exit 1' }, /found another program$/],
  ['createrepo_c is missing', { mock: 'echo 6.7' }, /^"createrepo_c" is not on PATH$/],
];

for (const [name, programs, problem] of UNUSABLE) {
  test(`findMock() says so when ${name}`, async () => {
    await using machine = await makeMachine(programs);

    await assert.rejects(requireMock(machine.environment), (error) => {
      assert.ok(error instanceof MockUnusableError);
      assert.equal(error.failureClass, 'configuration');
      assert.match(error.problem, problem);
      return true;
    });
  });
}

test('findMock() says so when the user is not in the group', async () => {
  await using machine = await makeMachine(PROGRAMS);
  const search = await findMock({ ...machine.environment, gids: [1000] });

  assert.match(search.kind === 'unusable' ? search.problem : '', /not in the group "mock"/);
});
