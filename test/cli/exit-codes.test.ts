import assert from 'node:assert/strict';
import test from 'node:test';
import { EXIT, exitCodeOf } from '../../cli/exit-codes.ts';
import { AlreadyRunningError } from '../../cli/run-lock.ts';
import { PortInUseError, TemporalUnreachableError } from '../../cli/temporal-server.ts';
import {
  ContentInvalidError,
  NotFoundError,
  ProgramFailedError,
  StreamUnreachableError,
} from '../../model/activity-errors.ts';
import { ConfigNotFoundError } from '../../model/config-errors.ts';
import { EngineMissingError, EngineUnavailableError } from '../../model/engine-errors.ts';
import { SymversParseError } from '../../model/parse-errors.ts';

const CAUSE = { cause: new Error('connect ECONNREFUSED') };

const CASES: readonly [error: unknown, exitCode: number | undefined][] = [
  [new ConfigNotFoundError(['/etc/rekmod/rekmod.yaml']), EXIT.configuration],
  [new NotFoundError('rebuild', 'jool', 'expected, found'), EXIT.configuration],
  [new AlreadyRunningError('/home/run/up.lock', 1), EXIT.configuration],
  [new PortInUseError('127.0.0.1', 80, 'server.port'), EXIT.configuration],
  [new EngineMissingError([]), EXIT.configuration],
  [new ProgramFailedError(['gpg'], { exitCode: null, stderrTail: '' }), EXIT.configuration],
  [new ProgramFailedError(['gpg'], { exitCode: 2, stderrTail: '' }), EXIT.unreachable],
  [new TemporalUnreachableError('Cannot reach Temporal'), EXIT.unreachable],
  [new StreamUnreachableError('http://a', 'expected, found'), EXIT.unreachable],
  [new EngineUnavailableError('build', 'unix:///run/docker.sock', CAUSE), EXIT.unreachable],
  [new ContentInvalidError('a.rpm', 'expected, found'), EXIT.failed],
  [new SymversParseError(1, 'expected, found'), EXIT.failed],
  [new Error('BUG: broken'), undefined],
  ['text', undefined],
];

for (const [error, exitCode] of CASES) {
  const name = error instanceof Error ? error.name : String(error);
  test(`exitCodeOf() gives ${exitCode ?? 'nothing'} for ${name}`, () => {
    assert.equal(exitCodeOf(error), exitCode);
  });
}

test('EXIT holds the codes that the manual names', () => {
  assert.deepEqual(EXIT, { ok: 0, failed: 1, usage: 2, configuration: 3, unreachable: 4 });
});
