import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeMockRun, type MockEvidence } from '../../containers/mock/judge-run.ts';

const SETUP =
  'Start: run\nStart: chroot init\nFinish: chroot init\nStart: build phase for a.src.rpm\n';
const BUILDING = `${SETUP}Start: rpmbuild a-1-1.src.rpm\nFinish: rpmbuild a-1-1.src.rpm\n`;
const DONE = `${BUILDING}Finish: build phase for a.src.rpm\n2026-11-23 12:00:00,000 - Finish: run\n`;

const NOTHING: MockEvidence = {
  action: 'rebuild',
  exitCode: 0,
  killedBy: undefined,
  isTimedOut: false,
  stateLog: DONE,
  lines: [],
};

const CASES: readonly (readonly [string, Partial<MockEvidence>, object])[] = [
  ['a success', {}, { kind: 'succeeded' }],
  [
    'code 0 without the last step',
    { stateLog: BUILDING },
    {
      kind: 'trouble',
      failureClass: 'transient',
      found: 'exit code 0, but no "Finish: run" at the end of state.log',
    },
  ],
  [
    'code 0 with the last step of an older run',
    { stateLog: `${DONE}Start: run\n` },
    {
      kind: 'trouble',
      failureClass: 'transient',
      found: 'exit code 0, but no "Finish: run" at the end of state.log',
    },
  ],
  ['a compiler error', { exitCode: 1, stateLog: BUILDING }, { kind: 'failed', why: 'exit' }],
  [
    'the documented code of it',
    { exitCode: 10, stateLog: BUILDING },
    { kind: 'failed', why: 'exit' },
  ],
  [
    'a time-out of rpmbuild',
    { exitCode: 11, stateLog: BUILDING },
    { kind: 'failed', why: 'timeout' },
  ],
  [
    'a killed rpmbuild',
    { exitCode: 247, stateLog: BUILDING },
    { kind: 'failed', why: 'out-of-memory' },
  ],
  [
    'a killed shell of rpmbuild',
    { exitCode: 137, stateLog: BUILDING },
    { kind: 'failed', why: 'out-of-memory' },
  ],
  [
    'a spec that makes no package',
    { exitCode: 40, stateLog: BUILDING },
    { kind: 'failed', why: 'bad-output' },
  ],
  [
    'an error of the spec',
    { action: 'buildsrpm', exitCode: 1, stateLog: 'Start: run\nStart: rpmbuild -bs\n' },
    { kind: 'failed', why: 'exit' },
  ],
  [
    'the outer limit while it builds',
    { exitCode: 143, isTimedOut: true, stateLog: BUILDING },
    { kind: 'failed', why: 'timeout' },
  ],
  [
    'the outer limit before it builds',
    { exitCode: 143, isTimedOut: true, stateLog: SETUP },
    { kind: 'trouble', failureClass: 'transient', found: 'a time-out' },
  ],
  [
    'a package that nobody has, for a build',
    { exitCode: 30, stateLog: SETUP, lines: ["No matching package to install: 'x'"] },
    { kind: 'failed', why: 'exit' },
  ],
  [
    'a package that nobody has, for a root',
    { action: 'init', exitCode: 30, stateLog: '', lines: ['No match for argument: gccc'] },
    { kind: 'trouble', failureClass: 'configuration', found: 'exit code 30' },
  ],
  [
    'a repository that is down',
    { exitCode: 30, stateLog: SETUP, lines: ["Failed to download metadata for repo 'base'"] },
    { kind: 'trouble', failureClass: 'transient', found: 'exit code 30' },
  ],
  [
    'a repository in the middle of a sync that lacks a package for that reason',
    { exitCode: 30, stateLog: SETUP, lines: ['incorrect checksum', 'nothing provides x'] },
    { kind: 'trouble', failureClass: 'transient', found: 'exit code 30' },
  ],
  [
    'a locked root',
    { exitCode: 60, stateLog: '' },
    { kind: 'trouble', failureClass: 'transient', found: 'exit code 60: the root is locked' },
  ],
  [
    'a wrong configuration',
    { action: 'init', exitCode: 3, stateLog: '' },
    {
      kind: 'trouble',
      failureClass: 'configuration',
      found: 'exit code 3: its configuration is wrong',
    },
  ],
  [
    'nspawn that cannot start',
    { exitCode: 40, stateLog: SETUP, lines: ['ERROR: Source RPM is not installable:'] },
    {
      kind: 'trouble',
      failureClass: 'configuration',
      found: 'exit code 40: nothing can be run in the root',
    },
  ],
  [
    'an unknown option, which mock takes for the name of a source RPM',
    { exitCode: 1, stateLog: '', lines: ['ERROR: Cannot find/open srpm: --bogus'] },
    { kind: 'trouble', failureClass: 'configuration', found: 'exit code 1' },
  ],
  [
    'mock killed by the machine',
    { exitCode: undefined, killedBy: 'SIGKILL', stateLog: BUILDING },
    { kind: 'trouble', failureClass: 'transient', found: 'an end by SIGKILL' },
  ],
  [
    'mock ended by an administrator',
    { exitCode: 143, stateLog: BUILDING },
    {
      kind: 'trouble',
      failureClass: 'transient',
      found: 'exit code 143: it was ended by SIGTERM',
    },
  ],
  [
    'a full disk before the build',
    { action: 'init', exitCode: 1, stateLog: '', lines: ['OSError: No space left on device'] },
    { kind: 'trouble', failureClass: 'transient', found: 'exit code 1' },
  ],
];

for (const [name, evidence, expected] of CASES) {
  test(`judgeMockRun() tells ${name}`, () => {
    assert.deepEqual(judgeMockRun({ ...NOTHING, ...evidence }), expected);
  });
}
