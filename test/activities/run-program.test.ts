import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunOptions, runProgram } from '../../activities/run-program.ts';
import { ProgramFailedError } from '../../model/activity-errors.ts';
import { makeScratch } from '../support/scratch.ts';

async function failureOf(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<ProgramFailedError> {
  try {
    await runProgram(argv, options);
  } catch (error) {
    assert.ok(error instanceof ProgramFailedError, String(error));
    return error;
  }
  throw new Error('BUG: expected a failure');
}

/** A program that is not ended fails its test, which would wait for ever. */
const ENDS = { timeout: 60_000 };

/** Waits for the end of a program that does not end by itself. */
async function ended(pid: string): Promise<void> {
  while (existsSync(`/proc/${pid.trim()}`)) await delay(5);
}

test('runProgram() gives arguments as they are; no shell reads them', async () => {
  const hostile = '$(touch /tmp/hacked); `id` * "\' \n';

  const { stdout, stderr, exitCode } = await runProgram(['printf', '%s|', hostile, '']);

  assert.deepEqual([stdout, stderr, exitCode], [`${hostile}||`, '', 0]);
});

test('runProgram() gives input, a directory and a minimal environment', async () => {
  process.env.REKMOD_TEST_SECRET = 'secret';
  const script = 'cat; pwd; env | sort | cut -d= -f1 | tr "\\n" " "; echo $LC_ALL $ADDED';

  const { stdout } = await runProgram(['sh', '-c', script], {
    stdin: 'text\n',
    cwd: '/usr',
    env: { ADDED: 'added' },
  });

  delete process.env.REKMOD_TEST_SECRET;
  assert.match(
    stdout,
    /^text\n\/usr\nADDED (?:BASH\w+ )*HOME (?:LANGUAGE )?LC_ALL (?:OLDPWD )?PATH PWD .*C added\n$/s,
  );
});

test('runProgram() takes other exit codes for an answer when it is told to', async () => {
  const { exitCode, stdout } = await runProgram(['sh', '-c', 'echo no; exit 1'], {
    okCodes: [0, 1],
  });

  assert.deepEqual([exitCode, stdout], [1, 'no\n']);
});

test('runProgram() says what failed, how, and the end of what it said', async () => {
  const error = await failureOf(['sh', '-c', 'echo out; echo "a reason" >&2; exit 3']);

  assert.equal(error.exitCode, 3);
  assert.equal(error.failureClass, 'transient');
  assert.match(error.message, /^Cannot run "sh -c .*": expected exit code 0, found 3\na reason$/s);
});

test('runProgram() shows standard output of a program that says nothing else', async () => {
  const error = await failureOf(['sh', '-c', 'echo out; exit 3']);

  assert.match(error.message, /found 3\nout$/);
});

test('runProgram() says that a program is missing, which a person must mend', async () => {
  const error = await failureOf(['rekmod-no-such-program', 'x']);

  assert.equal(error.failureClass, 'configuration');
  assert.equal(
    error.message,
    'Cannot run "rekmod-no-such-program x": expected the program to be installed, found none',
  );
});

test(
  'runProgram() kills a program that takes too long, even one that ignores signals',
  ENDS,
  async () => {
    const script = 'trap "" TERM INT HUP; echo $$ >&2; exec sleep infinity';

    const error = await failureOf(['sh', '-c', script], { timeoutMs: 1000 });

    assert.match(error.message, /expected an end within 1000 ms, found none\n\d+$/);
    const [pid] = /\d+$/.exec(error.message) ?? [];
    assert.ok(pid);
    await ended(pid);
  },
);

test('runProgram() calls a program that takes too long a trouble that passes', async () => {
  const error = await failureOf(['sleep', '30'], { timeoutMs: 50 });

  assert.equal(error.failureClass, 'transient');
});

test('runProgram() calls a program that a signal ended a trouble that passes', async () => {
  const error = await failureOf(['sh', '-c', 'kill -9 $$']);

  assert.equal(error.failureClass, 'transient');
});

test('runProgram() ends with its caller, and with the reason of that', ENDS, async () => {
  const controller = new AbortController();
  const reason = new Error('cancelled by hand');
  await using scratch = await makeScratch();
  const pidFile = scratch.at('pid');
  const script = `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep infinity`;

  const running = runProgram(['sh', '-c', script], { signal: controller.signal });
  running.catch(() => undefined);
  while (!existsSync(pidFile)) await delay(5);
  controller.abort(reason);

  await assert.rejects(running, reason);
  await ended(await readFile(pidFile, 'utf8'));
});

test('runProgram() does not begin when its caller has ended already', async () => {
  const reason = new Error('cancelled before');

  await assert.rejects(runProgram(['sleep', '30'], { signal: AbortSignal.abort(reason) }), reason);
});

test('runProgram() keeps the head of a long output and reads the rest away', async () => {
  const script = 'head -c 3000000 /dev/zero | tr "\\0" x; echo end >&2';

  const { stdout, stderr } = await runProgram(['sh', '-c', script], { maxOutputBytes: 1000 });

  assert.deepEqual([stdout, stderr], ['x'.repeat(1000), 'end\n']);
});

test('runProgram() judges a program that does not read its input by its exit code', async () => {
  const { exitCode } = await runProgram(['true'], { stdin: 'x'.repeat(1_000_000) });

  assert.equal(exitCode, 0);
});
