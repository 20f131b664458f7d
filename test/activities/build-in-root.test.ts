import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildInRoot } from '../../activities/build-in-root.ts';
import type { BuildBackend, BuildRequest, Buildroot } from '../../containers/backend.ts';
import { BuildrootMissingError } from '../../model/engine-errors.ts';
import { LIMITS } from '../containers/backend-rig.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, settingsOf } from '../support/data-rig.ts';
import { kernelOf } from '../support/plan-facts.ts';

const OLD: Buildroot = { id: 'sha256:old', digest: 'ab', isReused: true };

/** Builds in a buildroot that somebody removed, with a backend that makes this one again. */
async function buildAgain(rig: DataRig, made: Buildroot) {
  const devel = { ...kernelOf('6.1-1').devel, ...(await rig.store.addText('kernel-devel')) };
  const kernel = kernelOf('6.1-1', { devel });
  const built: string[] = [];
  let log = '';
  const missing = (): never => assert.fail('asked for something else');
  const backend: BuildBackend = {
    async prepare({ labels }) {
      assert.equal(labels.kernel, `lab/${kernel.release}`);
      return made;
    },
    async build({ buildroot }) {
      built.push(buildroot.id);
      if (buildroot.id === OLD.id) throw new BuildrootMissingError(OLD.id);
      return { kind: 'succeeded', files: [] };
    },
    ...{ removeLeftovers: missing, listRuns: missing, removeRun: missing },
    ...{ listBuildroots: missing, removeBuildroot: missing },
  };
  const request: BuildRequest = {
    ...{ directory: '/input', spec: 'a.spec', defines: {}, buildroot: OLD },
    ...{ outputDirectory: '/output', limits: LIMITS, labels: {} },
  };
  const run = {
    onLog(chunk: Uint8Array) {
      log += Buffer.from(chunk).toString();
    },
    signal: new AbortController().signal,
  };
  const deps = { ...rig, settings: settingsOf(), backend, homeId: 'home' };
  const result = await inActivity(() => buildInRoot(kernel, request, { run, deps }));
  return { result, built, log };
}

test('buildInRoot() makes a buildroot again that somebody has removed, and says so in the log', async () => {
  await using rig = await makeDataRig();

  const { result, built, log } = await buildAgain(rig, { ...OLD, id: 'sha256:new' });

  assert.equal(result.kind, 'succeeded');
  assert.deepEqual(built, ['sha256:old', 'sha256:new']);
  assert.match(log, /Cannot use the buildroot "sha256:old": .*; preparing it again/);
});

test('buildInRoot() builds in no other buildroot than the one whose digest is told', async () => {
  await using rig = await makeDataRig();
  const other = { ...OLD, id: 'sha256:new', digest: 'cd' };

  await assert.rejects(buildAgain(rig, other), BuildrootMissingError);
});
