import assert from 'node:assert/strict';
import test from 'node:test';
import type { BuildBackend } from '../../containers/backend.ts';
import { selectBackend } from '../../containers/select-backend.ts';
import { startBackendRig } from './backend-rig.ts';
import { MOCK_TARGET } from './mock-rig.ts';

/** A backend that only notes what it is asked. */
function noteCalls(name: string, notes: string[], leftovers: number): BuildBackend {
  return {
    async prepare() {
      notes.push(`${name} prepare`);
      return { id: name === 'mock' ? 'mock:rekmod-0' : 'sha256:0', digest: 'ab', isReused: false };
    },
    async build() {
      notes.push(`${name} build`);
      return { kind: 'failed', why: 'exit' };
    },
    findToolchain: async () => `${leftovers}`,
    removeLeftovers: async () => leftovers,
    listRuns: async () => [{ id: name, labels: {} }],
    removeRun: async (id) => id === name,
    listBuildroots: async () => [],
    async removeBuildroot() {
      notes.push(`${name} removeBuildroot`);
      return {};
    },
  };
}

test('selectBackend() prepares by the target and builds where the buildroot was made', async () => {
  await using rig = await startBackendRig();
  const notes: string[] = [];
  const backend = selectBackend({
    container: noteCalls('container', notes, 2),
    mock: noteCalls('mock', notes, 3),
  });

  for (const request of [
    rig.prepareRequest({ specs: [] }),
    rig.prepareRequest({ specs: [], target: MOCK_TARGET }),
  ]) {
    const buildroot = await backend.prepare(request, rig.run);
    await backend.build(rig.buildRequest({ buildroot }), rig.run);
  }

  assert.deepEqual(notes, ['container prepare', 'container build', 'mock prepare', 'mock build']);
  assert.equal(await backend.removeLeftovers({}), 5);
});

test('selectBackend() lists what all run, and has each end its own', async () => {
  const notes: string[] = [];
  const backend = selectBackend({
    container: noteCalls('container', notes, 0),
    mock: noteCalls('mock', notes, 0),
  });

  const runs = await backend.listRuns('home');
  assert.deepEqual(
    runs.map(({ id }) => id),
    ['container', 'mock'],
  );
  assert.deepEqual(
    [await backend.removeRun('mock'), await backend.removeRun('unknown')],
    [true, false],
  );
  for (const id of ['mock:rekmod-0', 'sha256:0']) {
    await backend.removeBuildroot({ id, digest: 'ab', kernel: 'lab/6.1', token: 't' }, 'home');
  }
  assert.deepEqual(notes, ['mock removeBuildroot', 'container removeBuildroot']);
});

test('selectBackend() does without the backend that no target wants', async () => {
  await using rig = await startBackendRig();
  const backend = selectBackend({ container: noteCalls('container', [], 1) });

  assert.equal(await backend.removeLeftovers({}), 1);
  await assert.rejects(
    backend.prepare(rig.prepareRequest({ specs: [], target: MOCK_TARGET }), rig.run),
    /BUG: no target wants the backend mock/,
  );
});
