import assert from 'node:assert/strict';
import { access, chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { BuildBackend, BuildRequest } from '../../containers/backend.ts';
import { InputUnreadableError, PrepareFailedError } from '../../model/engine-errors.ts';
import {
  MockRootMissingError,
  MockTroubleError,
  MockUnusableError,
} from '../../model/mock-errors.ts';
import { KERNEL, LIMITS } from './backend-rig.ts';
import {
  answerPreparation,
  answerSrpm,
  type FakeCall,
  lockOf,
  MOCK_TARGET,
  type MockRig,
  prepareMock,
  rememberRoot,
  startMockRig,
} from './mock-rig.ts';

const RPM = 'kmod-a-1-1.x86_64.rpm';
const BUILDING = 'Start: rpmbuild a-1-1.src.rpm\n';

/** Begins a build in a prepared root. */
async function beginBuild(
  rig: MockRig,
  changes: Partial<BuildRequest> = {},
): Promise<{ readonly built: ReturnType<BuildBackend['build']> }> {
  const buildroot = await rememberRoot(rig);
  const built = rig.backend.build(rig.buildRequest({ buildroot, ...changes }), rig.run);
  built.catch(() => undefined);
  return { built };
}

async function succeed(call: FakeCall): Promise<void> {
  await call.put(RPM, 'one');
  await call.put('buildroot_lock.json', lockOf(KERNEL.develNevra.release));
  await call.succeed();
}

async function assertNoRuns(rig: MockRig): Promise<void> {
  assert.deepEqual(await readdir(join(rig.directory, 'runs')).catch(() => []), []);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function waitForEnd(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('prepare() makes a root with the verified kernel-devel, asks what it holds, and cleans up', async () => {
  await using rig = await startMockRig();
  const prepared = rig.backend.prepare(rig.prepareRequest(), rig.run);
  const init = await rig.nextCall();
  const config = await readFile(init.option('-r') ?? '', 'utf8');
  await init.succeed();
  const asked = await rig.nextCall();
  await asked.print('INFO: mock.py version 6.7 starting\ndevel 1\ntree /x\ncompiler gcc 12.2.0\n');
  await asked.succeed();
  const clean = await rig.nextCall();
  clean.exit(0);
  const { id, toolchain } = await prepared;

  assert.ok(init.has('--init'));
  assert.equal(init.option('--configdir'), rig.program.configDirectory);
  assert.equal(init.option('--isolation'), 'nspawn');
  assert.equal(init.option('--config-opts'), 'rpmbuild_networking=False');
  assert.ok(config.includes(`include("${rig.program.configDirectory}/lab-x86_64.cfg")`));
  assert.ok(config.includes('"kernel-devel-6.1.0-54.amd64.x86_64","gcc","make"'));
  const repository = /baseurl=file:\/\/(\S+?)\\n/.exec(config)?.[1] ?? '';
  assert.deepEqual((await readdir(repository)).sort(), ['kernel-devel.rpm', 'repodata']);
  assert.match(
    asked.argv.at(-1) ?? '',
    /^REKMOD_DEVEL='kernel-devel' REKMOD_RELEASE='6\.1\.0-54-amd64'\n#!\/bin\/sh/,
  );
  assert.equal(asked.option('--uniqueext'), init.option('--uniqueext'));
  assert.ok(clean.has('--clean'));
  assert.equal(clean.option('--uniqueext'), init.option('--uniqueext'));
  assert.match(id, /^mock:rekmod-[0-9a-f]{16}$/);
  assert.deepEqual(toolchain?.compilers, ['gcc 12.2.0']);
  await assertNoRuns(rig);
});

for (const [facts, words] of [
  ['devel 2\ntree /x\n', /found 2 packages "kernel-devel" instead of one/],
  ['tree /x\n', /found no word of how many packages "kernel-devel"/],
  ['devel 1\n', /found no build tree of 6\.1\.0-54-amd64/],
] as const) {
  test(`prepare() refuses a root that says ${JSON.stringify(facts)}`, async () => {
    await using rig = await startMockRig();
    const prepared = rig.backend.prepare(rig.prepareRequest(), rig.run);
    prepared.catch(() => undefined);
    await answerPreparation(rig, facts);

    await assert.rejects(prepared, (error) => {
      assert.ok(error instanceof PrepareFailedError);
      assert.match(error.message, words);
      return true;
    });
    await assertNoRuns(rig);
  });
}

test('prepare() makes a root anew when its stock configuration changes, and keeps an equal one', async () => {
  await using rig = await startMockRig();
  const first = await prepareMock(rig);
  const stock = join(rig.program.configDirectory, 'templates');
  await mkdir(stock);
  await writeFile(join(stock, 'lab.tpl'), 'another mirror\n');
  const changed = await prepareMock(rig);
  const found = await rig.restart().prepare(rig.prepareRequest(), rig.run);

  assert.notEqual(changed.id, first.id);
  assert.deepEqual(found, { ...changed, isReused: true });
});

test('prepare() throws for a root that mock does not have, and where a build would have network', async () => {
  await using rig = await startMockRig();
  const missing = rig.prepareRequest({ target: { ...MOCK_TARGET, root: 'fedora-1-x86_64' } });
  const open = rig.prepareRequest({ target: { ...MOCK_TARGET, isolation: 'simple' } });

  await assert.rejects(rig.backend.prepare(missing, rig.run), MockRootMissingError);
  await assert.rejects(rig.backend.prepare(open, rig.run), (error) => {
    assert.ok(error instanceof MockUnusableError);
    assert.match(error.message, /would reach the network/);
    return true;
  });
  assert.equal(rig.callCount(), 0);
});

test('build() makes the source RPM in the root and rebuilds it there, each with results of its own', async () => {
  await using rig = await startMockRig();
  const { built } = await beginBuild(rig, {
    defines: { kernel_version: '6.1 "$(x)' },
    staging: { directory: '/srv/staging', digest: '0', release: '6.1.0-54-amd64' },
  });
  const srpm = await rig.nextCall();
  await srpm.put('a-1-1.src.rpm', 'source');
  await srpm.succeed();
  const rebuild = await rig.nextCall();
  await succeed(rebuild);
  await built;

  assert.ok(srpm.has('--buildsrpm') && srpm.has('--no-cleanup-after'));
  assert.equal(srpm.option('--spec'), join(rig.specDirectory, 'a.spec'));
  assert.equal(srpm.option('--sources'), rig.specDirectory);
  assert.deepEqual(rebuild.argv.slice(-3), [
    '--no-clean',
    '--rebuild',
    srpm.result('a-1-1.src.rpm'),
  ]);
  for (const call of [srpm, rebuild]) {
    assert.ok(call.has('--define=kernel_version 6.1 "$(x)'));
    assert.ok(call.has('--define=_smp_build_ncpus 2'));
    assert.equal(call.option('--addrepo'), 'file:///srv/staging');
    assert.equal(call.option('--rpmbuild_timeout'), '60');
    assert.equal(call.option('--enable-plugin'), 'buildroot_lock');
  }
  assert.notEqual(rebuild.option('--resultdir'), srpm.option('--resultdir'));
  assert.equal(rebuild.option('--uniqueext'), srpm.option('--uniqueext'));
  await assertNoRuns(rig);
});

test('build() gives builds at the same time roots of their own', async () => {
  await using rig = await startMockRig();
  const buildroot = await rememberRoot(rig);
  const builds = [1, 2].map(() => rig.backend.build(rig.buildRequest({ buildroot }), rig.run));
  const calls = [await rig.nextCall(), await rig.nextCall()];

  assert.notEqual(calls[0]?.option('--uniqueext'), calls[1]?.option('--uniqueext'));
  assert.equal(calls[0]?.option('-r'), calls[1]?.option('-r'));
  for (const build of builds) build.catch(() => undefined);
  for (const call of calls) call.exit(3);
  for (const _ of calls) (await rig.nextCall()).exit(0);
  for (const build of builds) await assert.rejects(build, MockTroubleError);
});

test('build() runs a spec without network where mock does not, and dnf before that with it', async () => {
  await using rig = await startMockRig({
    account: {
      kind: 'usable',
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      environment: { SUDO_UID: '1000', SUDO_GID: '135' },
    },
    isolation: { hasSystemd: false, hasNspawn: false, canUnshareNetwork: true },
  });
  // In unshare's place: it marks what was started by it.
  const unshare = join(rig.program.searchPath.split(':')[0] ?? '', 'unshare');
  await writeFile(unshare, '#!/bin/sh\nshift 2\nOFFLINE=yes exec "$@"\n');
  await chmod(unshare, 0o755);
  const buildroot = await rememberRoot(rig, 'simple');
  const built = rig.backend.build(rig.buildRequest({ buildroot }), rig.run);
  const seen: string[] = [];
  for (const action of ['--init', '--buildsrpm', '--installdeps', '--rebuild']) {
    const call = await rig.nextCall();
    assert.ok(call.has(action), call.argv.join(' '));
    seen.push(
      `${action} ${call.env.OFFLINE ?? 'no'} ${call.has('--offline')} ${call.env.SUDO_UID}`,
    );
    if (action === '--buildsrpm') await call.put('a-1-1.src.rpm', 'source');
    if (action === '--rebuild') await succeed(call);
    else await call.succeed();
  }

  assert.equal((await built).kind, 'succeeded');
  assert.deepEqual(seen, [
    '--init no false 1000',
    '--buildsrpm yes false 1000',
    '--installdeps no false 1000',
    '--rebuild yes true 1000',
  ]);
});

for (const [name, lock, words] of [
  [
    'two kernels',
    lockOf('54.amd64', '55.amd64'),
    /54\.amd64, kernel-devel-6\.1\.0-55\.amd64 instead/,
  ],
  [
    'another kernel',
    lockOf('55.amd64'),
    /found a root with kernel-devel-6\.1\.0-55\.amd64 instead/,
  ],
  ['a list that is none', '{"buildroot":{"rpms":{}}}', /found a root with unknown packages/],
] as const) {
  test(`build() refuses what was built in a root that holds ${name}`, async () => {
    await using rig = await startMockRig();
    const { built } = await beginBuild(rig);
    const call = await answerSrpm(rig);
    await call.put(RPM, 'one');
    await call.put('buildroot_lock.json', lock);
    await call.succeed();

    await assert.rejects(built, (error) => {
      assert.ok(error instanceof MockTroubleError);
      assert.equal(error.failureClass, 'configuration');
      assert.match(error.message, words);
      return true;
    });
    assert.deepEqual(await readdir(rig.outputDirectory), []);
    await assertNoRuns(rig);
  });
}

test('build() takes no symbolic link for a package, and no source RPM', async () => {
  await using rig = await startMockRig();
  const { built } = await beginBuild(rig);
  const call = await answerSrpm(rig);
  await call.tell('link', { path: call.result(RPM), target: '/etc/passwd' });
  await call.put('a-1-1.src.rpm', 'source');
  await call.put('buildroot_lock.json', lockOf(KERNEL.develNevra.release));
  await call.succeed();

  assert.deepEqual(await built, { kind: 'failed', why: 'bad-output' });
  assert.match(rig.log(), /"kmod-a-1-1\.x86_64\.rpm" is no regular file/);
});

test("build() takes a spec's own error for the kmod's, and shows it", async () => {
  await using rig = await startMockRig();
  const { built } = await beginBuild(rig);
  const srpm = await rig.nextCall();
  await srpm.log('state.log', 'Start: rpmbuild -bs\n');
  await srpm.log('build.log', 'error: line 3: Unknown tag: Nmae: a\n');
  srpm.exit(1);
  (await rig.nextCall()).exit(0);

  assert.deepEqual(await built, { kind: 'failed', why: 'exit', exitCode: 1 });
  assert.match(rig.log(), /^error: line 3: Unknown tag: Nmae: a$/m);
  await assertNoRuns(rig);
});

test('build() ends mock when its log has no end', async () => {
  await using rig = await startMockRig();
  const { built } = await beginBuild(rig, { limits: { ...LIMITS, logBytes: 1000 } });
  const srpm = await rig.nextCall();
  await srpm.log('build.log', 'x'.repeat(65_000));
  (await rig.nextCall()).exit(0);

  assert.deepEqual(await built, { kind: 'failed', why: 'log-too-large' });
  assert.match(rig.log(), /the build was stopped for its log: more than 64000 bytes/);
  await assertNoRuns(rig);
});

test('build() reports BuildRequires that nobody has by the words of dnf', async () => {
  await using rig = await startMockRig();
  const { built } = await beginBuild(rig);
  const call = await answerSrpm(rig);
  await call.log('state.log', 'Start: build setup for a-1-1.src.rpm\n');
  await call.log('root.log', "DEBUG util.py:444:  No matching package to install: 'nope'\n");
  call.exit(30);

  assert.deepEqual(await built, { kind: 'failed', why: 'exit', exitCode: 30 });
  assert.match(rig.log(), /^No matching package to install: 'nope'$/m);
});

test('build() throws what may pass when a repository is down, and removes the root', async () => {
  await using rig = await startMockRig();
  const { built } = await beginBuild(rig);
  const srpm = await rig.nextCall();
  await srpm.log('root.log', "DEBUG util.py:444:  Failed to download metadata for repo 'base'\n");
  srpm.exit(30);
  const clean = await rig.nextCall();
  clean.exit(0);

  await assert.rejects(built, (error) => {
    assert.ok(error instanceof MockTroubleError);
    assert.equal(error.failureClass, 'transient');
    assert.match(error.message, /"mock --buildsrpm".*exit code 30: .*Failed to download metadata/);
    return true;
  });
  assert.ok(clean.has('--clean'));
  await assertNoRuns(rig);
});

test('build() does not take code 0 for a success when mock never came to its end', async () => {
  await using rig = await startMockRig();
  const { built } = await beginBuild(rig);
  const call = await answerSrpm(rig);
  await call.put(RPM, 'of another build');
  await call.log('state.log', `${BUILDING}Finish: rpmbuild a-1-1.src.rpm\n`);
  call.exit(0);

  await assert.rejects(built, /found exit code 0, but no "Finish: run"/);
  assert.deepEqual(await readdir(rig.outputDirectory), []);
});

test('build() throws what may pass when mock is killed, and cleans up', async () => {
  await using rig = await startMockRig();
  const { built } = await beginBuild(rig);
  const call = await answerSrpm(rig);
  await call.log('state.log', BUILDING);
  call.kill('SIGKILL');
  const clean = await rig.nextCall();
  clean.exit(0);

  await assert.rejects(built, /found an end by SIGKILL/);
  assert.equal(clean.option('--uniqueext'), call.option('--uniqueext'));
  await assertNoRuns(rig);
});

test('build() ends mock and all of its process group when it is cancelled, then cleans up', async () => {
  await using rig = await startMockRig();
  const { built } = await beginBuild(rig);
  const call = await answerSrpm(rig);
  const child = await call.tell('spawn', { program: 'sleep', args: ['600'] });
  assert.ok(typeof child === 'object' && child !== null && 'pid' in child);
  rig.controller.abort(new Error('cancelled'));
  const clean = await rig.nextCall();
  clean.exit(0);

  await assert.rejects(built, { message: 'cancelled' });
  assert.equal(isAlive(call.pid), false);
  await waitForEnd(Number(child.pid));
  assert.ok(clean.has('--clean'));
  await assertNoRuns(rig);
});

test('build() ends mock by its own limit when rpmbuild is not at work', async () => {
  await using rig = await startMockRig();
  const buildroot = await rememberRoot(rig);
  // The set-up has ten minutes of its own, which a limit below zero takes away again.
  const limits = { ...LIMITS, buildTimeoutMs: -10 * 60_000 + 500 };
  const built = rig.backend.build(rig.buildRequest({ buildroot, limits }), rig.run);
  built.catch(() => undefined);
  const srpm = await rig.nextCall();
  await srpm.ended();
  (await rig.nextCall()).exit(0);

  await assert.rejects(built, /"mock --buildsrpm": expected its end by success, found a time-out/);
});

test('removeLeftovers() ends what a killed worker left behind, and only that', async () => {
  await using rig = await startMockRig();
  const { built } = await beginBuild(rig);
  const call = await answerSrpm(rig);
  await call.tell('ignoreSigterm');
  const runs = join(rig.directory, 'runs');
  const [id = ''] = await readdir(runs);
  while (!(await readFile(join(runs, id, 'run.json'), 'utf8')).includes('startTime')) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // What the worker that is gone would have: the build's own end is of no interest any more.
  const successor = rig.restart();

  assert.equal(await successor.removeLeftovers({ home: 'another' }), 0);
  const removed = successor.removeLeftovers({ home: 'h' });
  const cleans = [await rig.nextCall(), await rig.nextCall()];
  for (const clean of cleans) {
    assert.ok(clean.has('--clean'));
    assert.equal(clean.option('--uniqueext'), id);
    clean.exit(0);
  }

  assert.equal(await removed, 1);
  await call.ended();
  await assert.rejects(built, /found an end by SIGKILL/);
  assert.equal(await successor.removeLeftovers({}), 0);
  await assertNoRuns(rig);
});

test('removeLeftovers() kills no process that only has the number of an old one', async () => {
  await using rig = await startMockRig();
  const own = join(rig.directory, 'runs', 'rekmod-00');
  await mkdir(own, { recursive: true });
  const leader = { pid: process.pid, startTime: '1' };
  const record = { id: 'rekmod-00', labels: { home: 'h' }, config: '/x.cfg', leader };
  await writeFile(join(own, 'run.json'), JSON.stringify(record));
  const removed = rig.backend.removeLeftovers({ home: 'h' });
  (await rig.nextCall()).exit(1);

  assert.equal(await removed, 1);
  // mock could not clean: the record stays for the next time.
  await access(join(own, 'run.json'));
});

test('prepare() throws when mock, started by root, could not enter its directory', async () => {
  await using rig = await startMockRig({
    account: {
      kind: 'usable',
      uid: 65534,
      gid: 135,
      environment: { SUDO_UID: '65534', SUDO_GID: '135' },
    },
  });
  await mkdir(rig.directory, { recursive: true });
  await chmod(rig.directory, 0o700);

  await assert.rejects(
    rig.backend.prepare(rig.prepareRequest(), rig.run),
    (error) => error instanceof InputUnreadableError && error.path === rig.directory,
  );
});
