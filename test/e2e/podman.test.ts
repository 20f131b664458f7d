import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { removeWorld, World } from '../../lab/world.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';
import { servePodman } from '../support/serve-podman.ts';

const run = promisify(execFile);
test('the same rebuild runs on Podman and leaves no container', async (t) => {
  const served = await servePodman();
  if ('skip' in served) {
    t.skip(served.skip);
    return;
  }
  await using service = served;
  const lab = await requireLab();
  const release = releaseOf(lab, 'first');
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-on-podman-'));
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
