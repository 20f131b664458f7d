import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { openModuleListReader } from '../../activities/module-list-reader.ts';
import { StateDamagedError } from '../../model/activity-errors.ts';
import { makeDataRig } from '../support/data-rig.ts';
import { moduleOf } from '../support/plan-facts.ts';

test('a module list is read once, however often it is asked for', async () => {
  await using rig = await makeDataRig();
  const stored = await rig.store.addText(JSON.stringify([moduleOf('jool')]));
  const readModules = openModuleListReader(rig.store);

  const first = readModules(stored);
  await writeFile(rig.store.pathOf(stored.sha256), 'gone bad');

  assert.deepEqual(first, [moduleOf('jool')]);
  assert.equal(readModules(stored), first);
});

test('a module list that is none is refused by its path', async () => {
  await using rig = await makeDataRig();
  for (const text of ['', '{}', '[null]', '[{"path": "x"}]']) {
    const stored = await rig.store.addText(text);

    assert.throws(
      () => openModuleListReader(rig.store)(stored),
      (error) =>
        error instanceof StateDamagedError && error.path === rig.store.pathOf(stored.sha256),
    );
  }
});

test('the reader forgets the oldest lists when all together are large', async () => {
  await using rig = await makeDataRig();
  const readModules = openModuleListReader(rig.store);
  const large = [moduleOf('large', { license: 'x'.repeat(9 * 1024 * 1024) })];
  const [first, second] = await Promise.all([
    rig.store.addText(JSON.stringify(large)),
    rig.store.addText(JSON.stringify([...large, moduleOf('second')])),
  ]);

  const before = readModules(first);
  readModules(second);

  assert.notEqual(readModules(first), before);
});
