import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findProgram } from '../../activities/find-program.ts';
import { removeWorld, World } from '../../lab/world.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';

const run = promisify(execFile);
const hasPodman = (await findProgram('podman', process.env.PATH ?? '')) !== undefined;
const skip = hasPodman ? false : 'podman is not installed';

/** Podman's API on a storage of its own; its process and files go in the end. */
interface PodmanService extends AsyncDisposable {
  readonly address: string;
  podman(...args: readonly string[]): Promise<string>;
}

async function servePodman(): Promise<PodmanService> {
  const home = await mkdtemp(join(tmpdir(), 'rekmod-podman-'));
  const address = `unix://${home}/podman.sock`;
  // Debian 12's crun refuses hybrid cgroups.
  const storage = [
    '--root',
    join(home, 'root'),
    '--runroot',
    join(home, 'run'),
    '--runtime',
    'runc',
  ];
  const service = spawn('podman', [...storage, 'system', 'service', '--time=0', address], {
    // conmon writes a file `oom` where it was started.
    cwd: home,
    stdio: 'ignore',
  });
  const podman = async (...args: readonly string[]): Promise<string> =>
    (await run('podman', [...storage, ...args], { maxBuffer: 16 * 1024 * 1024 })).stdout;
  await delay(1000);
  return {
    address,
    podman,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => service.once('exit', resolve));
      service.kill('SIGTERM');
      await ended;
      await run('umount', [join(home, 'root', 'overlay')]).catch(() => undefined);
      await rm(home, { recursive: true, force: true });
    },
  };
}

test('the same rebuild runs on Podman and leaves no container', { skip }, async () => {
  const lab = await requireLab();
  const release = releaseOf(lab, 'first');
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-on-podman-'));
  await using service = await servePodman();
  const archive = join(directory, 'image.tar');
  await run('docker', ['save', '--output', archive, lab.image]);
  await service.podman('load', '--quiet', '--input', archive);
  await rm(archive);
  try {
    await using world = await World.create(lab, {
      directory,
      released: [release],
      kmods: takeKmods(lab, 'acpi-call'),
      environment: { DOCKER_HOST: service.address },
    });
    await world.up();

    const report = await world.waitFor(
      'acpi-call built by podman',
      ({ cells }) => cells.some(({ state }) => state === 'built' || state === 'failed'),
      180_000,
    );
    const doctor = await world.rekmod('doctor');

    assert.equal(report.cells[0]?.state, 'built', report.cells[0]?.sentence);
    assert.match(doctor.stdout, /ok {7}container engine: podman/);
    assert.equal((await service.podman('ps', '--all', '--quiet')).trim(), '');
  } finally {
    await removeWorld(directory);
  }
});
