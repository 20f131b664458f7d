import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { checkLoadTests } from '../../cli/check-load-tests.ts';
import type { LoadTestSettings } from '../../model/kmod.ts';
import { settingsOf, streamOf } from '../support/data-rig.ts';
import { kmodOf } from '../support/plan-facts.ts';
import { makeScratch } from '../support/scratch.ts';

const INSTALLER = { family: 'debian', command: 'apt-get install' } as const;
const LOAD_TEST: LoadTestSettings = {
  mode: 'report',
  parameters: {},
  alsoInsert: [],
  acceptNoDevice: true,
  timeoutMs: 60_000,
  memoryMiB: 256,
};

function settingsFor(arch: string, loadTest?: LoadTestSettings) {
  return settingsOf({
    streams: [streamOf({ arch }), streamOf({ name: 'other', arch: 'ppc64le' })],
    kmods: [kmodOf('jool', loadTest ? { loadTest } : {}), kmodOf('zfs', { streams: ['other'] })],
  });
}

test('checkLoadTests() asks for nothing when no kmod wants a load test', async () => {
  const options = { searchPath: '/nowhere', installer: INSTALLER };

  assert.deepEqual(await checkLoadTests(settingsFor('x86_64'), options), []);
});

test('checkLoadTests() names what is missing and the commands that install it', async () => {
  // An architecture that is not the host's: Red Hat's QEMU has a fixed place, and cc is for the host.
  const arch = process.arch === 'x64' ? 'aarch64' : 'x86_64';
  const options = { searchPath: '/nowhere', installer: INSTALLER };

  const checks = await checkLoadTests(settingsFor(arch, LOAD_TEST), options);

  const packages = { aarch64: 'qemu-system-arm', x86_64: 'qemu-system-x86' };
  assert.deepEqual(checks, [
    {
      name: `QEMU for load tests on ${arch}`,
      isGood: false,
      found: 'not on PATH',
      remedy: `apt-get install ${packages[arch]}`,
    },
    {
      name: `C compiler for load tests on ${arch}`,
      isGood: false,
      found: 'not on PATH',
      remedy: 'apt-get install gcc',
    },
  ]);
});

test('checkLoadTests() says whether KVM is used, and why not', async () => {
  await using scratch = await makeScratch();
  const arch = process.arch === 'x64' ? 'aarch64' : 'x86_64';
  await mkdir(scratch.at('bin'));
  for (const name of [`qemu-system-${arch}`, `${arch}-linux-gnu-gcc`]) {
    await writeFile(scratch.at('bin', name), '#!/bin/sh\n', { mode: 0o755 });
  }

  const checks = await checkLoadTests(settingsFor(arch, LOAD_TEST), {
    searchPath: scratch.at('bin'),
    installer: INSTALLER,
  });

  const why = 'emulation: the machine is of another architecture';
  assert.deepEqual(
    checks.map(({ isGood, found }) => [isGood, found]),
    [
      [true, `${scratch.at('bin', `qemu-system-${arch}`)}, ${why}`],
      [true, scratch.at('bin', `${arch}-linux-gnu-gcc`)],
    ],
  );
});

test('checkLoadTests() says which architectures are possible', async () => {
  const options = { searchPath: '/nowhere', installer: INSTALLER };

  const checks = await checkLoadTests(settingsFor('s390x', LOAD_TEST), options);

  assert.deepEqual(checks, [
    {
      name: 'load tests on s390x',
      isGood: false,
      found: 'only x86_64 and aarch64 are possible',
      remedy: 'set "loadTest.mode" to off',
    },
  ]);
});
