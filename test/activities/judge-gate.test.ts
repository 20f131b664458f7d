import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { closeSigningKey, openSigningKey } from '../../activities/signing-key.ts';
import { type GateRules, NO_RULES } from '../../model/gate.ts';
import { inActivity } from '../support/activity-context.ts';
import { NOW } from '../support/data-rig.ts';
import { makeScratch } from '../support/scratch.ts';
import { CORE, type GateRig, publishedOf, RELEASE, startGateRig } from './gate-rig.ts';

const keyScratch = await makeScratch();
const key = await openSigningKey({}, layOutDataDirectory(keyScratch.path));
after(async () => {
  await closeSigningKey(key);
  await keyScratch[Symbol.asyncDispose]();
});

async function judge({ judge: activities }: GateRig, rules: GateRules = NO_RULES) {
  const judged = await inActivity(() => activities.judgeGate({ stream: 'lab', rules }));
  assert.ok(judged.kind === 'decided');
  return judged;
}

test('judgeGate() holds a kernel until its cell is published, and writes down what it decided', async () => {
  await using gate = await startGateRig(key);

  const before = await judge(gate);
  await gate.end(publishedOf());
  const after = await judge(gate);

  assert.equal(before.kernels[0]?.reason, 'waits for demo (not looked at yet)');
  assert.equal(after.kernels[0]?.state, 'released');
  const record = await gate.rig.records.readGate('lab');
  assert.deepEqual(record?.kernels, after.kernels);
  assert.equal(record?.decidedAt, NOW);
});

test('judgeGate() keeps a kernel released whose kmod fails later', async () => {
  await using gate = await startGateRig(key);
  await gate.end({ kind: 'kept' });
  await judge(gate);
  await gate.end({ kind: 'failed', step: 'build', reason: 'x', durationMs: 1 });

  assert.equal((await judge(gate)).kernels[0]?.state, 'released');
});

test('judgeGate() says what a kernel waits for', async () => {
  await using gate = await startGateRig(key);
  await gate.end({ kind: 'failed', step: 'build', reason: 'x', durationMs: 1 });

  const { kernels } = await judge(gate);

  assert.deepEqual(kernels[0]?.waitsFor, [
    { kmod: 'demo', isRequired: true, cell: 'failed', why: 'build failed' },
  ]);
});

test('judgeGate() finds no gate where none is configured', async () => {
  await using gate = await startGateRig(key);

  assert.deepEqual(
    await inActivity(() => gate.judge.judgeGate({ stream: 'gone', rules: NO_RULES })),
    { kind: 'no-gate' },
  );
});

test('judgeGate() reads severities of upstream’s advisories where the fast lane needs them', async () => {
  const fastLane = { severities: ['critical'], skip: 'failed' } as const;
  await using gate = await startGateRig(key, { fastLane });
  await gate.offer(CORE);
  await gate.addMetadata(
    'updateinfo.xml',
    `<updates>${['Important', 'Critical', 'Low']
      .map(
        (severity) => `<update type="security"><id>x</id><severity>${severity}</severity>
<pkglist><collection><package name="kernel-core" epoch="0" version="6.1.0" release="54.el9" arch="x86_64"/>
</collection></pkglist></update>`,
      )
      .join('')}</updates>`,
  );
  await gate.end({ kind: 'failed', step: 'build', reason: 'x', durationMs: 1 });

  const { kernels } = await judge(gate);

  assert.equal(kernels[0]?.release, RELEASE);
  assert.equal(kernels[0]?.fastLane, 'critical');
  assert.equal(kernels[0]?.reason, 'fast lane (critical): without demo (build failed)');
});

test('openGate() finds what people decided before, and recordView() keeps it', async () => {
  await using gate = await startGateRig(key);
  const waiver = {
    ...{ release: RELEASE, kmod: 'demo', until: '2027-01-01T00:00:00.000Z' },
    ...{ why: 'because', by: 'ada', at: NOW },
  };
  const rules = { ...NO_RULES, waivers: [waiver] };
  assert.deepEqual(await inActivity(() => gate.judge.openGate({ stream: 'lab' })), NO_RULES);
  await judge(gate, rules);
  const view = { kind: 'failed', reason: 'no mirror', at: NOW } as const;

  await inActivity(() => gate.judge.recordView({ stream: 'lab', view }));
  await judge(gate, rules);

  assert.deepEqual(await inActivity(() => gate.judge.openGate({ stream: 'lab' })), rules);
  assert.deepEqual((await gate.rig.records.readGate('lab'))?.view, view);
});
