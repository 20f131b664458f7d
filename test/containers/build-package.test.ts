import assert from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import {
  BuildrootMissingError,
  ContainerInterruptedError,
  InputUnreadableError,
  StagingFailedError,
} from '../../model/engine-errors.ts';
import { LIMITS, makeTar, startBackendRig } from './backend-rig.ts';

const RPM = 'kmod-a-1-1.x86_64.rpm';

test('build() writes the RPMs of the output and reports them by name', async () => {
  await using rig = await startBackendRig();
  const build = rig.backend.build(rig.buildRequest(), rig.run);
  const run = await rig.engine.nextRun();
  const tar = await makeTar({ name: RPM, content: 'one' }, { name: 'kmod-a-0.rpm', content: '2' });

  await run.stderr('compiling\n');
  for (let at = 0; at < tar.length; at += 700) await run.stdout(tar.subarray(at, at + 700));
  run.exit();

  assert.deepEqual(await build, {
    kind: 'succeeded',
    files: [
      { name: 'kmod-a-0.rpm', sizeBytes: 1 },
      { name: RPM, sizeBytes: 3 },
    ],
  });
  assert.equal(await readFile(join(rig.outputDirectory, RPM), 'utf8'), 'one');
  assert.equal(rig.log(), 'compiling\n');
});

test('build() gives the container no network, no capability and nothing writable', async () => {
  await using rig = await startBackendRig();
  const build = rig.backend.build(rig.buildRequest({ defines: { a: '1 "$(b)' } }), rig.run);
  const run = await rig.engine.nextRun();
  run.exit({ exitCode: 1 });
  await build;

  const { request } = run;
  assert.equal(request.network, 'none');
  assert.equal(request.user, '1000:1000');
  assert.deepEqual(request.capabilities, []);
  assert.equal(request.isRootReadOnly, true);
  assert.equal(request.memoryBytes, LIMITS.memoryBytes);
  assert.deepEqual(request.command.slice(2), ['a 1 "$(b)']);
  assert.equal(request.labels['io.rekmod.home'], '/var/lib/rekmod');
});

const ENDS = [
  ['exit', { exitCode: 2 }, { why: 'exit', exitCode: 2 }],
  ['timeout', { exitCode: 143, isTimedOut: true }, { why: 'timeout', exitCode: 143 }],
  ['out-of-memory', { exitCode: 1, isOutOfMemory: true }, { why: 'out-of-memory', exitCode: 1 }],
  ['exit code 113', { exitCode: 113 }, { why: 'out-of-memory', exitCode: 113 }],
  ['a signal from outside', { exitCode: 143 }, { why: 'interrupted', exitCode: 143 }],
  ['an engine that kills', { exitCode: 137 }, { why: 'interrupted', exitCode: 137 }],
  ['exit code 114', { exitCode: 114 }, { why: 'scratch-full', exitCode: 114 }],
] as const;

for (const [name, exit, expected] of ENDS) {
  test(`build() reports an end by ${name} and keeps nothing of its output`, async () => {
    await using rig = await startBackendRig();
    const build = rig.backend.build(rig.buildRequest(), rig.run);
    const run = await rig.engine.nextRun();
    await run.stdout(await makeTar({ name: RPM }));
    run.exit(exit);

    assert.deepEqual(await build, { kind: 'failed', ...expected });
    assert.deepEqual(await readdir(rig.outputDirectory), []);
  });
}

test('build() takes a success for one although some process was killed for memory', async () => {
  await using rig = await startBackendRig();
  const build = rig.backend.build(rig.buildRequest(), rig.run);
  const run = await rig.engine.nextRun();
  await run.stdout(await makeTar({ name: RPM }));
  run.exit({ isOutOfMemory: true });

  assert.equal((await build).kind, 'succeeded');
});

const BAD_NAMES = [
  '../a.rpm',
  '/a.rpm',
  'x/a.rpm',
  './a.rpm',
  '-a.rpm',
  'a.txt',
  'a b.rpm',
  '.rpm',
];

for (const name of BAD_NAMES) {
  test(`build() refuses an output that is named ${name}`, async () => {
    await using rig = await startBackendRig();
    const build = rig.backend.build(rig.buildRequest(), rig.run);
    const run = await rig.engine.nextRun();
    await run.stdout(await makeTar({ name: RPM }, { name }));
    run.exit();

    assert.deepEqual(await build, { kind: 'failed', why: 'bad-output' });
    assert.deepEqual(await readdir(rig.outputDirectory), []);
    assert.match(rig.log(), /rekmod: the build's output is refused: .* is no plain name of an RPM/);
  });
}

test('build() refuses a symbolic link, a name twice, too many files and an empty output', async () => {
  const many = Array.from({ length: 65 }, (_, index) => ({ name: `a${index}.rpm` }));
  const link = { name: RPM, type: 'symlink' as const };
  for (const files of [[link], [{ name: RPM }, { name: RPM }], many, []]) {
    await using rig = await startBackendRig();
    const build = rig.backend.build(rig.buildRequest(), rig.run);
    const run = await rig.engine.nextRun();
    await run.stdout(await makeTar(...files));
    run.exit();

    assert.deepEqual(await build, { kind: 'failed', why: 'bad-output' });
  }
});

test('build() refuses what is no tar, and every tar that is not whole', async () => {
  const tar = await makeTar({ name: RPM, content: 'x'.repeat(2000) });
  const cut = [0, 1, 511, 512, 513, 2000].map((bytes) => tar.subarray(0, bytes));
  for (const output of [...cut, Buffer.alloc(2048, 'not a tar')]) {
    await using rig = await startBackendRig();
    const build = rig.backend.build(rig.buildRequest(), rig.run);
    const run = await rig.engine.nextRun();
    await run.stdout(output);
    run.exit();

    assert.deepEqual(await build, { kind: 'failed', why: 'bad-output' });
    assert.deepEqual(await readdir(rig.outputDirectory), []);
  }
});

test('build() never writes over a file that is there', async () => {
  await using rig = await startBackendRig();
  await writeFile(join(rig.outputDirectory, RPM), 'mine');
  const build = rig.backend.build(rig.buildRequest(), rig.run);
  const run = await rig.engine.nextRun();
  await run.stdout(await makeTar({ name: RPM }));
  run.exit();

  assert.deepEqual(await build, { kind: 'failed', why: 'bad-output' });
  assert.equal(await readFile(join(rig.outputDirectory, RPM), 'utf8'), 'mine');
});

test('build() ends the run as soon as a header promises too much', async () => {
  await using rig = await startBackendRig();
  const build = rig.backend.build(rig.buildRequest(), rig.run);
  const run = await rig.engine.nextRun();
  const tar = await makeTar({ name: RPM, content: 'x'.repeat(LIMITS.outputBytes + 1) });
  await run.stdout(tar.subarray(0, 512));
  await run.stdout(tar.subarray(512, 1024));

  await assert.rejects(run.ended);
  assert.deepEqual(await build, { kind: 'failed', why: 'output-too-large' });
});

test('build() ends the run when output without end comes after the tar', async () => {
  await using rig = await startBackendRig();
  const build = rig.backend.build(rig.buildRequest(), rig.run);
  const run = await rig.engine.nextRun();
  await run.stdout(await makeTar({ name: RPM }));
  for (let piece = 0; piece < 10; piece += 1) await run.stdout(new Uint8Array(65_536));

  await assert.rejects(run.ended);
  assert.deepEqual(await build, { kind: 'failed', why: 'output-too-large' });
  assert.deepEqual(await readdir(rig.outputDirectory), []);
});

test('build() cuts the middle of a log that exceeds its limit', async () => {
  await using rig = await startBackendRig();
  const limits = { ...LIMITS, logBytes: 200 };
  const build = rig.backend.build(rig.buildRequest({ limits }), rig.run);
  const run = await rig.engine.nextRun();
  for (let line = 100; line < 200; line += 1) await run.stderr(`${line} line\n`);
  run.exit({ exitCode: 1 });
  await build;

  const [head = '', tail = ''] = rig
    .log()
    .split(/\nrekmod: 700 bytes of log are left out here.*\n/);
  assert.equal(head.length, 100);
  assert.ok(head.startsWith('100 line\n'));
  assert.equal(tail.length, 100);
  assert.ok(tail.endsWith('199 line\n'));
});

test('build() takes the words of a full file system for one that is full', async () => {
  await using rig = await startBackendRig();
  const build = rig.backend.build(rig.buildRequest(), rig.run);
  const run = await rig.engine.nextRun();
  await run.stderr('a.c: fatal error: cannot write: No space left on device\nmake: *** Error 1\n');
  run.exit({ exitCode: 1 });

  assert.deepEqual(await build, { kind: 'failed', why: 'scratch-full', exitCode: 1 });
  assert.match(
    rig.log(),
    /rekmod: the build filled its file system: its limit is 1073741824 bytes/,
  );
});

test('build() ends the run of a log without end, and keeps its begin and end', async () => {
  await using rig = await startBackendRig();
  const limits = { ...LIMITS, logBytes: 2000 };
  const build = rig.backend.build(rig.buildRequest({ limits }), rig.run);
  const run = await rig.engine.nextRun();
  await run.stderr('begin\n');
  for (let piece = 0; piece < 200; piece += 1) await run.stderr('x'.repeat(1000));

  await assert.rejects(run.ended);
  assert.deepEqual(await build, { kind: 'failed', why: 'log-too-large' });
  assert.match(rig.log(), /^begin\n/);
  assert.match(rig.log(), /bytes of log are left out here \(limit 2000\)/);
  assert.match(rig.log(), /rekmod: the build was stopped for its log: more than 128000 bytes\n$/);
});

test('build() keeps no extended header of a tar in memory', async () => {
  await using rig = await startBackendRig();
  const limits = { ...LIMITS, outputBytes: 1024 ** 3 };
  const build = rig.backend.build(rig.buildRequest({ limits }), rig.run);
  const run = await rig.engine.nextRun();
  const header = Buffer.from(await makeTar({ name: RPM })).subarray(0, 512);
  header.write('77777777777\0', 124);
  header.write('x', 156);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  await run.stdout(header);
  for (let piece = 0; piece < 64; piece += 1) await run.stdout(new Uint8Array(65_536));

  await assert.rejects(run.ended);
  assert.deepEqual(await build, { kind: 'failed', why: 'bad-output' });
});

test('build() rejects with the reason of its signal and keeps nothing', async () => {
  await using rig = await startBackendRig();
  const build = rig.backend.build(rig.buildRequest(), rig.run);
  const run = await rig.engine.nextRun();
  await run.stdout(await makeTar({ name: RPM }));
  rig.controller.abort(new Error('cancelled'));

  await assert.rejects(build, { message: 'cancelled' });
  assert.deepEqual(await readdir(rig.outputDirectory), []);
});

test('build() throws when the buildroot is gone', async () => {
  await using rig = await startBackendRig();
  rig.engine.images.clear();

  await assert.rejects(rig.backend.build(rig.buildRequest(), rig.run), BuildrootMissingError);
});

test('build() throws when its user could not read the sources', async () => {
  await using rig = await startBackendRig();
  await chmod(join(rig.specDirectory, 'a.spec'), 0o600);

  await assert.rejects(rig.backend.build(rig.buildRequest(), rig.run), InputUnreadableError);
});

test('build() ends for every damaged output, and only with RPMs or a refusal', async () => {
  const tar = await makeTar({ name: RPM, content: 'one' }, { name: 'b.rpm', content: '2' });
  for (let at = 0; at < 1536; at += 7) {
    await using rig = await startBackendRig();
    const build = rig.backend.build(rig.buildRequest(), rig.run);
    const run = await rig.engine.nextRun();
    const damaged = Uint8Array.from(tar);
    damaged[at] = (at * 31 + 7) % 256;
    await run.stdout(damaged);
    run.exit();

    const result = await build;
    const names = await readdir(rig.outputDirectory);
    if (result.kind === 'succeeded') {
      assert.deepEqual(result.files.map(({ name }) => name).toSorted(), names.toSorted());
    } else {
      assert.match(result.why, /^bad-output$|^output-too-large$/);
      assert.deepEqual(names, []);
    }
  }
});

const STAGING = { directory: '/scratch/staging', digest: 'cd', release: '6.1.0-54-amd64' };

test('build() installs what the rollout built into an image of its own, without network, once', async () => {
  await using rig = await startBackendRig();
  const staged = { staging: STAGING };
  const first = rig.backend.build(rig.buildRequest(staged), rig.run);
  const installation = await rig.engine.nextRun();
  installation.exit();
  const build = await rig.engine.nextRun();
  build.exit({ exitCode: 1 });
  await first;
  const second = rig.backend.build(rig.buildRequest(staged), rig.run);
  const again = await rig.engine.nextRun();
  again.exit({ exitCode: 1 });
  await second;

  const { request } = installation;
  assert.equal(request.image, 'sha256:buildroot');
  assert.equal(request.network, 'none');
  assert.equal(request.environment.REKMOD_RELEASE, STAGING.release);
  const mount = request.mounts.find(({ source }) => source === STAGING.directory);
  assert.deepEqual(mount, { source: STAGING.directory, target: '/rekmod/staging' });
  assert.notEqual(build.request.image, 'sha256:buildroot');
  assert.equal(again.request.image, build.request.image);
  assert.equal(rig.engine.runCount, 3);
  assert.ok(!build.request.mounts.some(({ source }) => source === STAGING.directory));
});

test('build() makes another image for other packages', async () => {
  await using rig = await startBackendRig();
  const images: string[] = [];
  for (const digest of ['cd', 'ef']) {
    const staging = { ...STAGING, digest };
    const building = rig.backend.build(rig.buildRequest({ staging }), rig.run);
    (await rig.engine.nextRun()).exit();
    const build = await rig.engine.nextRun();
    build.exit({ exitCode: 1 });
    await building;
    images.push(build.request.image);
  }

  assert.notEqual(images[0], images[1]);
});

test('build() calls an installation that a signal ended no fault of its packages', async () => {
  await using rig = await startBackendRig();
  const building = rig.backend.build(rig.buildRequest({ staging: STAGING }), rig.run);
  const run = await rig.engine.nextRun();
  run.exit({ exitCode: 143 });

  await assert.rejects(building, ContainerInterruptedError);
});

test('build() throws when what the rollout built cannot be installed', async () => {
  await using rig = await startBackendRig();
  const building = rig.backend.build(rig.buildRequest({ staging: STAGING }), rig.run);
  const run = await rig.engine.nextRun();
  await run.stderr('file /usr/bin/gcc conflicts\n');
  run.exit({ exitCode: 1 });

  await assert.rejects(building, (error) => {
    assert.ok(error instanceof StagingFailedError);
    assert.match(error.message, /found exit code 1: file \/usr\/bin\/gcc conflicts$/);
    return true;
  });
});
