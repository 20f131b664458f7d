import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { compileGuestInit } from '../../activities/load-test/compile-guest-init.ts';
import { findQemu, lookForKvm, prepareMachine } from '../../activities/load-test/machine.ts';
import { qemuArguments } from '../../activities/load-test/qemu-arguments.ts';
import { runMachine } from '../../activities/load-test/run-machine.ts';
import { ProgramFailedError } from '../../model/activity-errors.ts';
import { makeScratch } from '../support/scratch.ts';

const NEVER = new AbortController().signal;
const LIMITS = {
  silenceMs: 60_000,
  signOfLife: 'rekmod-x ',
  maxConsoleBytes: 10_000,
  signal: NEVER,
};
const isX86 = process.arch === 'x64';

function shell(script: string): readonly string[] {
  return ['sh', '-c', script];
}

/** Pids of processes whose command line has the marker in it. */
function findProcesses(marker: string): readonly string[] {
  const { stdout } = spawnSync('pgrep', ['-f', marker], { encoding: 'utf8' });
  return stdout.split('\n').filter((pid) => pid !== '' && pid !== String(process.pid));
}

test('findQemu() takes QEMU from the search path, in its order', async () => {
  await using scratch = await makeScratch();
  await mkdir(scratch.at('a'));
  await mkdir(scratch.at('b'));
  for (const directory of ['a', 'b']) {
    await writeFile(scratch.at(directory, 'qemu-system-aarch64'), '#!/bin/sh\n', { mode: 0o755 });
  }

  const found = await findQemu('aarch64', `${scratch.at('b')}:${scratch.at('a')}`);

  assert.equal(found, scratch.at('b', 'qemu-system-aarch64'));
});

test('prepareMachine() says what is to be installed', async () => {
  const arch = isX86 ? 'aarch64' : 'x86_64';
  const options = {
    arch,
    searchPath: '/nowhere',
    cacheDirectory: '/nowhere',
    signal: NEVER,
  } as const;

  await assert.rejects(
    prepareMachine(options),
    (error) =>
      error instanceof ProgramFailedError &&
      error.failureClass === 'configuration' &&
      /expected QEMU to be installed \(qemu-system-x86 or qemu-kvm-core\), found none/.test(
        error.message,
      ),
  );
});

test('lookForKvm() does not trust the device: the CPU must have the extension', async () => {
  await using scratch = await makeScratch();
  const arch = isX86 ? 'x86_64' : 'aarch64';
  await mkdir(scratch.at('dev'));
  await mkdir(scratch.at('proc'));
  await writeFile(scratch.at('dev/kvm'), '');
  await writeFile(scratch.at('proc/cpuinfo'), 'flags\t\t: fpu svme novmx sse2\nbugs : vmx\n');

  const without = await lookForKvm(arch, scratch.path);
  if (isX86) {
    assert.deepEqual(without, { isPossible: false, why: 'the CPU has neither vmx nor svm' });
  }

  await writeFile(scratch.at('proc/cpuinfo'), 'flags\t\t: fpu vmx sse2\n');
  assert.deepEqual(await lookForKvm(arch, scratch.path), {
    isPossible: true,
    why: 'a probe boot decides',
  });
});

test('lookForKvm() wants the device as well, and the architecture of the host', async () => {
  await using scratch = await makeScratch();
  await mkdir(scratch.at('proc'));
  await writeFile(scratch.at('proc/cpuinfo'), 'flags\t\t: fpu svm sse2\n');

  const own = await lookForKvm(isX86 ? 'x86_64' : 'aarch64', scratch.path);
  const foreign = await lookForKvm(isX86 ? 'aarch64' : 'x86_64', scratch.path);

  assert.deepEqual(own, { isPossible: false, why: '/dev/kvm cannot be used' });
  assert.deepEqual(foreign, { isPossible: false, why: 'the machine is of another architecture' });
});

test('qemuArguments() gives the guest one serial line and no other device', () => {
  const machine = {
    arch: 'x86_64',
    qemu: 'qemu',
    guard: [],
    sandbox: ['-sandbox', 'on'],
    accelerator: 'tcg',
    init: 'init',
  } as const;

  const args = qemuArguments(machine, { kernel: 'k', initramfs: 'i', memoryMiB: 256 }).join(' ');

  for (const part of [
    '-machine pc -accel tcg -m 256 -smp 1 -nodefaults -no-user-config -no-reboot -display none',
    '-serial stdio -device isa-debug-exit,iobase=0xf4,iosize=0x04 -sandbox on',
    '-kernel k -initrd i -append console=ttyS0,115200 panic=-1 oops=panic ',
  ]) {
    assert.ok(args.includes(part), args);
  }
  assert.equal(args.split('-device').length, 2);
});

test('qemuArguments() gives aarch64 another machine, processor and console', () => {
  const machine = {
    arch: 'aarch64',
    qemu: 'qemu',
    guard: [],
    sandbox: [],
    accelerator: 'tcg',
    init: 'init',
  } as const;

  const args = qemuArguments(machine, { kernel: 'k', initramfs: 'i', memoryMiB: 512 }).join(' ');

  assert.match(args, /^-machine virt -cpu cortex-a57 -accel tcg -m 512 .* console=ttyAMA0 /);
  assert.doesNotMatch(args, /-device/);
});

test('runMachine() gives the console and the status', async () => {
  const run = await runMachine(shell('echo hello; exit 33'), LIMITS);

  assert.deepEqual(run, { consoleText: 'hello\n', end: { kind: 'exit', status: 33 } });
});

test('runMachine() ends a machine that is silent, with all that it started', async () => {
  const marker = `rekmod-test-${process.pid}-silent`;
  const script = `echo here; sh -c 'sleep 600 # ${marker}' & sleep 600 # ${marker}`;

  const run = await runMachine(shell(script), { ...LIMITS, silenceMs: 1000 });

  assert.deepEqual(run, {
    consoleText: 'here\n',
    end: { kind: 'killed', detail: 'no step ended within 1 s' },
  });
  assert.deepEqual(findProcesses(marker), []);
});

test('runMachine() takes only the guest for a sign of life, not what a module writes', async () => {
  const run = await runMachine(shell('while :; do echo chatter; sleep 0.1; done'), {
    ...LIMITS,
    silenceMs: 1000,
  });

  assert.equal(run.end.kind, 'killed');
});

test('runMachine() goes on as long as signs of life come', async () => {
  const steps = 'for i in 1 2 3 4 5 6 7 8; do echo "rekmod-x try $i"; sleep 0.5; done; exit 33';

  const run = await runMachine(shell(steps), { ...LIMITS, silenceMs: 3000 });

  assert.deepEqual(run.end, { kind: 'exit', status: 33 });
});

test('runMachine() ends a machine that floods the console, and keeps the beginning', async () => {
  const run = await runMachine(shell('echo first; yes'), LIMITS);

  assert.deepEqual(run.end, {
    kind: 'killed',
    detail: 'it wrote more than 10000 bytes on the console',
  });
  assert.equal(run.consoleText.length, 10_000);
  assert.ok(run.consoleText.startsWith('first\ny\n'));
});

test('runMachine() kills and waits when it is cancelled', async () => {
  const marker = `rekmod-test-${process.pid}-cancelled`;
  const controller = new AbortController();
  const running = runMachine(shell(`sleep 600 # ${marker}`), {
    ...LIMITS,
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(new Error('enough')), 200);

  await assert.rejects(running, /enough/);
  assert.deepEqual(findProcesses(marker), []);
});

test('runMachine() throws when QEMU itself refuses, with its words', async () => {
  await assert.rejects(
    runMachine(shell('echo "qemu: unknown option" >&2; exit 1'), LIMITS),
    (error) =>
      error instanceof ProgramFailedError &&
      error.failureClass === 'transient' &&
      /found exit code 1\nqemu: unknown option$/.test(error.message),
  );
});

test('runMachine() throws when the program is missing, which a person must mend', async () => {
  await assert.rejects(
    runMachine(['/nowhere/qemu'], LIMITS),
    (error) => error instanceof ProgramFailedError && error.failureClass === 'configuration',
  );
});

const arch = isX86 ? 'x86_64' : 'aarch64';
const hasCompiler = spawnSync('cc', ['--version']).error === undefined;
test('compileGuestInit() makes a static program once, without a warning', {
  skip: hasCompiler ? false : 'no C compiler found',
}, async () => {
  await using scratch = await makeScratch();
  const searchPath = process.env.PATH ?? '';
  const options = { arch, searchPath, cacheDirectory: scratch.at('cache'), signal: NEVER } as const;

  const first = await compileGuestInit(options);
  const again = await compileGuestInit(options);

  assert.equal(again, first);
  assert.deepEqual(await readdir(scratch.at('cache')), [first.split('/').pop()]);
  const { stdout } = spawnSync('readelf', ['-ld', first], { encoding: 'utf8' });
  if (stdout !== '') assert.doesNotMatch(stdout, /INTERP|NEEDED/);
  const source = new URL('../../activities/load-test/guest-init.c', import.meta.url).pathname;
  const check = spawnSync('cc', ['-fsyntax-only', '-ffreestanding', '-Wall', '-Wextra', source], {
    encoding: 'utf8',
  });
  assert.deepEqual([check.status, check.stderr], [0, '']);
});

test('compileGuestInit() throws the words of a compiler that fails, and leaves nothing', async () => {
  await using scratch = await makeScratch();
  const compiler = scratch.at('cc');
  await writeFile(
    compiler,
    '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "no room" >&2; exit 1\n',
  );
  await chmod(compiler, 0o755);
  const options = {
    arch,
    searchPath: scratch.path,
    cacheDirectory: scratch.at('cache'),
    signal: NEVER,
  } as const;

  await assert.rejects(compileGuestInit(options), /no room$/);
  assert.deepEqual(await readdir(scratch.at('cache')), []);
});
