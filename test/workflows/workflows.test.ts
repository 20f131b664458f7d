import test, { after } from 'node:test';
import { startWorkflowRig } from '../support/workflow-rig.ts';
import { testFailures } from './failures.cases.ts';
import { testFollowRebuild } from './follow-rebuild.cases.ts';
import { testFollowSources } from './follow-sources.cases.ts';
import { testFollowStream } from './follow-stream.cases.ts';
import { testGateStream } from './gate-stream.cases.ts';
import { testLargeRollout } from './large-rollout.cases.ts';
import { testLoadStation } from './load-test.cases.ts';
import { testPublishRepository } from './publish-repository.cases.ts';
import { testRebuildKmod } from './rebuild-kmod.cases.ts';
import { testRolloutKernel } from './rollout-kernel.cases.ts';
import { testStuckWorkflows } from './stuck-workflows.cases.ts';
import { testUpkeep } from './upkeep.cases.ts';

// One server and one bundle for all workflows: each takes seconds to start.
const rig = await startWorkflowRig();
if ('skip' in rig) {
  test('workflows', { skip: rig.skip }, () => undefined);
} else {
  after(() => rig[Symbol.asyncDispose]());
  testRebuildKmod(rig);
  testLoadStation(rig);
  testFollowRebuild(rig);
  testRolloutKernel(rig);
  testLargeRollout(rig);
  testFollowStream(rig);
  testFollowSources(rig);
  testFailures(rig);
  testPublishRepository(rig);
  testGateStream(rig);
  testUpkeep(rig);
  testStuckWorkflows(rig);
}
