import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { PrepareRequest } from '../../containers/backend.ts';
import {
  ImageMissingError,
  PrepareFailedError,
  TargetKeyUnreadableError,
} from '../../model/engine-errors.ts';
import { type BackendRig, finishPreparation, startBackendRig, TARGET } from './backend-rig.ts';

const MINUTE_MS = 60_000;

async function prepareOnce(rig: BackendRig, request: PrepareRequest): Promise<string> {
  const prepare = rig.backend.prepare(request, rig.run);
  await finishPreparation(rig.engine);
  return (await prepare).digest;
}

async function waitForLog(rig: BackendRig, words: string): Promise<void> {
  while (!rig.log().includes(words)) await new Promise(setImmediate);
}

test('prepare() makes a buildroot once and finds it again without a container', async () => {
  await using rig = await startBackendRig();
  const first = rig.backend.prepare(rig.prepareRequest(), rig.run);
  await finishPreparation(rig.engine);
  const made = await first;

  const found = await rig.backend.prepare(rig.prepareRequest(), rig.run);

  assert.equal(made.isReused, false);
  assert.deepEqual(found, { ...made, isReused: true });
  assert.equal(rig.engine.runCount, 3);
});

test('prepare() runs nothing of a kmod but sealed off, and as root only what comes of it', async () => {
  await using rig = await startBackendRig();
  const networked: PrepareRequest = rig.prepareRequest({
    target: { ...TARGET, prepareNetwork: 'host' },
  });
  const prepare = rig.backend.prepare(networked, rig.run);
  const { installation, readings, last } = await finishPreparation(rig.engine);
  await prepare;

  assert.equal(installation?.request.user, '0:0');
  assert.equal(installation.request.network, 'host');
  assert.deepEqual(installation.request.command.slice(2), ['gcc']);
  assert.deepEqual(last.request.command.slice(2), ['a.spec']);
  for (const { request } of [installation, last]) {
    assert.ok(!request.mounts.some(({ source }) => source === rig.specDirectory));
    assert.equal(request.environment.REKMOD_OFFLINE, 'no');
  }
  const [reading] = readings;
  assert.equal(readings.length, 1);
  assert.equal(reading?.request.user, '1000:1000');
  assert.equal(reading.request.network, 'none');
  assert.equal(reading.request.isRootReadOnly, true);
  assert.deepEqual(reading.request.capabilities, []);
  assert.deepEqual(reading.request.mounts, [
    { source: rig.specDirectory, target: '/rekmod/input' },
  ]);
  assert.deepEqual(reading.request.command, [
    ...['rpmspec', '--query', '--buildrequires', '--define', '_sourcedir /rekmod/input'],
    ...['--define', 'need make', '/rekmod/input/a.spec'],
  ]);
});

const BAD_READINGS = [
  ['exit code 1', '', { exitCode: 1 }],
  ['a spec that is read without end', '', { exitCode: 137, isTimedOut: true }],
  ['a spec that takes too much memory to be read', '', { exitCode: 137, isOutOfMemory: true }],
  ['more than 65536 bytes', '', { stdoutBytes: 70_000 }],
  ['something other than requirements', 'gcc\n\u001b]0;x\u0007\n', {}],
  ['something other than requirements', 'gcc\n'.repeat(2000), {}],
] as const;

for (const [found, words, exit] of BAD_READINGS) {
  test(`prepare() goes on without the requirements of a spec: ${found} (${words.length})`, async () => {
    await using rig = await startBackendRig();
    const prepare = rig.backend.prepare(rig.prepareRequest(), rig.run);
    (await rig.engine.nextRun()).exit();
    const reading = await rig.engine.nextRun();
    await reading.stdout(words);
    reading.exit(exit);
    const last = await rig.engine.nextRun();
    last.exit();
    const { id } = await prepare;

    assert.ok(
      rig
        .log()
        .includes(
          `Cannot read the BuildRequires of "a.spec": expected requirements, found ${found}`,
        ),
    );
    assert.deepEqual(last.request.command.slice(2), []);
    assert.equal((await rig.engine.findImage(id))?.labels['io.rekmod.unsatisfied'], '1');
  });
}

test('prepare() tells the compilers, also of a buildroot that it finds again', async () => {
  await using rig = await startBackendRig();
  const prepare = rig.backend.prepare(rig.prepareRequest(), rig.run);
  await finishPreparation(rig.engine, {
    output:
      'devel 1\ntree /usr/src/kernels/x\nkernel CONFIG_CC_VERSION_TEXT="gcc (Größe) 12"\n' +
      'compiler gcc (GCC) 11.5.0\u001b\nunsatisfied 0\n',
  });
  const made = await prepare;

  const found = await rig.backend.prepare(rig.prepareRequest(), rig.run);

  assert.deepEqual(made.toolchain, {
    kernelConfig: ['CONFIG_CC_VERSION_TEXT="gcc (Größe) 12"'],
    compilers: ['gcc (GCC) 11.5.0 '],
  });
  assert.deepEqual(found, { ...made, isReused: true });
});

test('prepare() makes one container for callers that come at the same time', async () => {
  await using rig = await startBackendRig();
  const first = rig.backend.prepare(rig.prepareRequest(), rig.run);
  const run = await rig.engine.nextRun();
  const second = rig.backend.prepare(rig.prepareRequest(), rig.run);
  await waitForLog(rig, 'waiting for it');
  run.exit();
  await finishPreparation(rig.engine);

  const [made, shared] = await Promise.all([first, second]);
  assert.deepEqual(shared, { ...made, isReused: true });
  assert.equal(rig.engine.runCount, 3);
});

test('prepare() goes on by itself when the caller that it waits for is ended', async () => {
  await using rig = await startBackendRig();
  const other = new AbortController();
  const run = { ...rig.run, signal: other.signal };
  const first = rig.backend.prepare(rig.prepareRequest(), run);
  await rig.engine.nextRun();
  const second = rig.backend.prepare(rig.prepareRequest(), rig.run);
  await waitForLog(rig, 'waiting for it');
  other.abort(new Error('cancelled'));
  await assert.rejects(first, { message: 'cancelled' });
  await finishPreparation(rig.engine);

  assert.equal((await second).isReused, false);
});

test('prepare() shares the failure of the preparation that it waits for', async () => {
  await using rig = await startBackendRig();
  const first = rig.backend.prepare(rig.prepareRequest(), rig.run);
  const run = await rig.engine.nextRun();
  const second = rig.backend.prepare(rig.prepareRequest(), rig.run);
  await waitForLog(rig, 'waiting for it');
  run.exit({ exitCode: 1 });

  await assert.rejects(first, PrepareFailedError);
  await assert.rejects(second, PrepareFailedError);
  assert.equal(rig.engine.runCount, 1);
});

test('prepare() tries an incomplete buildroot again, but not at once', async () => {
  await using rig = await startBackendRig();
  const first = rig.backend.prepare(rig.prepareRequest(), rig.run);
  await finishPreparation(rig.engine, { output: 'unsatisfied 0\n' });
  await first;

  rig.engine.nowMs = 10 * MINUTE_MS;
  assert.equal((await rig.backend.prepare(rig.prepareRequest(), rig.run)).isReused, true);
  rig.engine.nowMs = 20 * MINUTE_MS;
  const again = rig.backend.prepare(rig.prepareRequest(), rig.run);
  await finishPreparation(rig.engine);
  assert.equal((await again).isReused, false);
});

test('prepare() gives another digest for what makes another buildroot, and for nothing else', async () => {
  await using rig = await startBackendRig();
  const base = rig.prepareRequest();
  const [spec] = base.specs;
  assert.ok(spec !== undefined);
  const digest = await prepareOnce(rig, base);
  const withDefines = (defines: Readonly<Record<string, string>>): PrepareRequest => ({
    ...base,
    specs: [{ ...spec, defines }],
  });

  const same = await rig.backend.prepare(withDefines({ need: 'make', build: '7' }), rig.run);
  const other = await prepareOnce(rig, withDefines({ need: 'cmake' }));
  const kernel = await prepareOnce(rig, {
    ...base,
    kernel: { ...base.kernel, develSha256: 'cd' },
  });
  const packages = await prepareOnce(rig, { ...base, target: { ...TARGET, packages: ['clang'] } });

  assert.equal(same.digest, digest);
  assert.equal(new Set([digest, other, kernel, packages]).size, 4);
});

test('prepare() sees a new BuildRequires, but no new Release or changelog', async () => {
  await using rig = await startBackendRig();
  const path = join(rig.specDirectory, 'a.spec');
  const text = await readFile(path, 'utf8');
  const digest = await prepareOnce(rig, rig.prepareRequest());

  await writeFile(path, `${text.replace('Release: 1', 'Release: 2')}%changelog\n- new\n`);
  const same = await rig.backend.prepare(rig.prepareRequest(), rig.run);
  await writeFile(path, text.replace('gcc', 'gcc, bc'));
  const other = await prepareOnce(rig, rig.prepareRequest());

  assert.equal(same.digest, digest);
  assert.notEqual(other, digest);
});

test('prepare() leaves out a spec that cannot be read', async () => {
  await using rig = await startBackendRig();
  await rm(join(rig.specDirectory, 'a.spec'));
  const prepare = rig.backend.prepare(rig.prepareRequest(), rig.run);
  const run = await rig.engine.nextRun();
  run.exit();
  await prepare;

  assert.deepEqual(run.request.command.slice(2), ['gcc']);
  assert.match(rig.log(), /rekmod: Cannot read the spec/);
});

test('prepare() mounts repositories as a .repo file and the directories of file:// URLs', async () => {
  await using rig = await startBackendRig();
  const repositories = {
    base: 'http://mirror.example.org/$basearch/',
    'my lab': 'file:///srv/lab',
  };
  const request = rig.prepareRequest({ specs: [], target: { ...TARGET, repositories } });
  const prepare = rig.backend.prepare(request, rig.run);
  const run = await rig.engine.nextRun();
  const mount = run.request.mounts.find(({ target }) => target === '/rekmod/repos');
  const text = await readFile(join(mount?.source ?? '', 'rekmod.repo'), 'utf8');
  run.exit();
  await prepare;

  assert.match(text, /\[base\]\nname=base\nbaseurl=http:\/\/mirror.example.org\/\$basearch\/\n/);
  assert.match(text, /\[my_lab\]\nname=my_lab\nbaseurl=file:\/\/\/rekmod\/repositories\/1\n/);
  assert.ok(run.request.mounts.some(({ source }) => source === '/srv/lab'));
  assert.equal(run.request.environment.REKMOD_OFFLINE, 'no');
  await assert.rejects(readFile(join(mount?.source ?? '', 'rekmod.repo')), { code: 'ENOENT' });
});

test('prepare() throws when the image is missing, and says how to get it', async () => {
  await using rig = await startBackendRig();
  rig.engine.images.clear();

  await assert.rejects(rig.backend.prepare(rig.prepareRequest(), rig.run), (error) => {
    assert.ok(error instanceof ImageMissingError);
    assert.match(error.message, /"lab\/builder:1" of the target "lab".*docker pull lab\/builder:1/);
    return true;
  });
});

const FAILURES = [
  ['No match for argument: gccc\n', { exitCode: 1 }, 'configuration'],
  ['Error: Failed to download metadata for repo "base"\n', { exitCode: 1 }, 'transient'],
  ['Curl error (28): Timeout was reached\n', { exitCode: 1 }, 'transient'],
  ['installing\n', { exitCode: 143, isTimedOut: true }, 'transient'],
  ['installing\n', { exitCode: 137, isOutOfMemory: true }, 'configuration'],
  ['installing\n', { exitCode: 143 }, 'transient'],
  ['Expected one kernel-devel in the buildroot, found 2\n', { exitCode: 65 }, 'configuration'],
] as const;

for (const [log, exit, failureClass] of FAILURES) {
  test(`prepare() takes "${log.trim()}" (exit code ${exit.exitCode}) for ${failureClass}`, async () => {
    await using rig = await startBackendRig();
    const prepare = rig.backend.prepare(rig.prepareRequest(), rig.run);
    const run = await rig.engine.nextRun();
    await run.stderr(`first line\n${log}`);
    run.exit(exit);

    await assert.rejects(prepare, (error) => {
      assert.ok(error instanceof PrepareFailedError);
      assert.equal(error.failureClass, failureClass);
      assert.equal(error.exitCode, exit.exitCode);
      assert.deepEqual(error.lastLines, ['first line', log.trim()]);
      return true;
    });
  });
}

test('removeLeftovers() removes containers of these labels, and only those that rekmod made', async () => {
  await using rig = await startBackendRig();
  const labels = { 'io.rekmod.home': 'a', 'io.rekmod.container': 'build' };
  rig.engine.containers = [
    { id: 'one', labels },
    { id: 'two', labels: { ...labels, 'io.rekmod.container': 'prepare' } },
    { id: 'other home', labels: { ...labels, 'io.rekmod.home': 'b' } },
    { id: 'a person', labels: { ...labels, 'io.rekmod.container': '-' } },
  ];

  assert.equal(await rig.backend.removeLeftovers({ home: 'a' }), 2);
  assert.deepEqual(rig.engine.removed, ['one', 'two']);
});

test('prepare() has dnf install only what the keys of the target have signed', async () => {
  await using rig = await startBackendRig();
  const key = join(rig.specDirectory, '..', 'key');
  await writeFile(key, 'a public key');
  const repositories = { 'my base': 'https://example.org/', lab: 'https://example.org/lab/' };
  const target = { ...TARGET, repositories, gpgKeys: [key] };
  const prepare = rig.backend.prepare(rig.prepareRequest({ specs: [], target }), rig.run);
  const run = await rig.engine.nextRun();

  const repos = run.request.mounts.find((mount) => mount.target === '/rekmod/repos')?.source ?? '';
  const text = await readFile(join(repos, 'rekmod.repo'), 'utf8');
  assert.equal(
    text.match(/^gpgcheck=1\ngpgkey=file:\/\/\/rekmod\/repos\/key-0\.asc$/gm)?.length,
    2,
  );
  assert.doesNotMatch(text, /gpgcheck=0/);
  assert.equal(await readFile(join(repos, 'key-0.asc'), 'utf8'), 'a public key');
  run.exit();
  await prepare;
});

test('prepare() makes another buildroot for another key, and for none', async () => {
  await using rig = await startBackendRig();
  const key = join(rig.specDirectory, '..', 'key');
  const target = { ...TARGET, repositories: { base: 'https://example.org/' } };
  const keyed = rig.prepareRequest({ target: { ...target, gpgKeys: [key] } });

  const digests = [await prepareOnce(rig, rig.prepareRequest({ target }))];
  for (const text of ['one', 'other']) {
    await writeFile(key, text);
    digests.push(await prepareOnce(rig, keyed));
  }

  assert.equal(new Set(digests).size, 3);
});

test('prepare() refuses a target whose key cannot be read, before anything is started', async () => {
  await using rig = await startBackendRig();
  const target = { ...TARGET, gpgKeys: ['/no/key'] };

  await assert.rejects(
    rig.backend.prepare(rig.prepareRequest({ target }), rig.run),
    (error) =>
      error instanceof TargetKeyUnreadableError &&
      error.failureClass === 'configuration' &&
      /^Cannot read the key "\/no\/key" of target "lab": expected a file, found ENOENT/.test(
        error.message,
      ),
  );
  assert.equal(rig.engine.runCount, 0);
});
