import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { takeRunLock } from '../../cli/run-lock.ts';
import {
  forgetRunning,
  lockFileOf,
  NotRunningError,
  requireRunning,
  writeRunning,
} from '../../cli/running-settings.ts';
import { requireSameFile } from '../../cli/same-config.ts';
import { makeDataRig, NOW, settingsOf } from '../support/data-rig.ts';

const RUNNING = { configFile: '/etc/rekmod/rekmod.yaml', loadedAt: NOW, settings: settingsOf() };

test('requireRunning() finds who holds the lock and what it works by', async () => {
  await using rig = await makeDataRig();
  const unlock = await takeRunLock(lockFileOf(rig.data));
  await writeRunning(rig.data, RUNNING);

  assert.deepEqual(await requireRunning(rig.data, 'reload'), { ...RUNNING, pid: process.pid });

  await forgetRunning(rig.data);
  await assert.rejects(requireRunning(rig.data, 'reload'), NotRunningError);
  await unlock();
});

test('requireRunning() does not take what a killed process left for one that runs', async () => {
  await using rig = await makeDataRig();
  await writeRunning(rig.data, RUNNING);
  await assert.rejects(requireRunning(rig.data, 'reload'), NotRunningError);

  // The number belongs to another process by now.
  await writeFile(lockFileOf(rig.data), JSON.stringify({ pid: process.pid, startTicks: '1' }));

  await assert.rejects(requireRunning(rig.data, 'reload'), (error) => {
    assert.ok(error instanceof NotRunningError);
    assert.match(error.message, /^Cannot reload: expected a running "rekmod up" with the data of/u);
    return true;
  });
});

test('requireSameFile() refuses another file than the one that runs', () => {
  const running = { ...RUNNING, pid: 7 };

  requireSameFile(running, {});
  requireSameFile(running, { config: RUNNING.configFile });

  assert.throws(
    () => requireSameFile(running, { config: '/etc/other.yaml' }),
    /expected the configuration of process 7, "\/etc\/rekmod\/rekmod\.yaml", found "\/etc\/other\.yaml"/u,
  );
});
