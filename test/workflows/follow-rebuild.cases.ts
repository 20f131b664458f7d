import assert from 'node:assert/strict';
import test from 'node:test';
import { EXIT, exitCodeOf } from '../../cli/exit-codes.ts';
import { describeResult, followRebuild } from '../../cli/follow-rebuild.ts';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { WorkflowRig } from '../support/workflow-rig.ts';
import { buildBadly, cellOf, goodFakes, makeGate } from './cells.ts';
import { startRebuild } from './rebuild-kmod.cases.ts';

export function testFollowRebuild(rig: WorkflowRig): void {
  test('followRebuild() says the verdict and the step, and gives the end', async () => {
    const cell = cellOf('jool', 'followed');
    const gate = makeGate();
    const lines: string[] = [];
    const { fakes } = goodFakes([cell], {
      async buildKmod() {
        await gate.passed;
        return await buildBadly();
      },
    });
    rig.use(fakes);

    const result = await followRebuild(await startRebuild(rig, cell), (line) => {
      lines.push(line);
      if (line.endsWith('building …')) gate.open();
    });

    assert.ok(lines.includes('jool followed: rebuild: never built before'), lines.join('\n'));
    assert.equal(lines.at(-1), 'jool followed: building …');
    assert.match(describeResult(result), /^jool followed: failed while building after .*strlcpy/);
  });

  test('followRebuild() says why a rebuild came to no end', async () => {
    const cell = cellOf('jool', 'followed-unplanned');
    const cause = new ContentInvalidError('jool', 'expected a spec, found none');
    rig.use(goodFakes([cell], { planCell: () => Promise.reject(cause) }).fakes);
    const handle = await startRebuild(rig, cell);

    await assert.rejects(
      followRebuild(handle, () => undefined),
      (error) => {
        assert.ok(error instanceof Error);
        assert.equal(
          error.message,
          'Cannot rebuild "jool" for followed-unplanned: Cannot use "jool": expected a spec, found none',
        );
        assert.equal(exitCodeOf(error), EXIT.failed);
        return true;
      },
    );
  });

  test('followRebuild() says that somebody terminated a rebuild', async () => {
    const cell = cellOf('jool', 'followed-terminated');
    const gate = makeGate();
    const { fakes } = goodFakes([cell], {
      async prepareBuildroot() {
        await gate.passed;
        throw cell;
      },
    });
    rig.use(fakes);
    const handle = await startRebuild(rig, cell);
    await handle.terminate('it hangs');

    await assert.rejects(
      followRebuild(handle, () => undefined),
      /^RebuildEndedError: Cannot rebuild "jool".*(?:terminated|it hangs)/i,
    );
    gate.open();
  });
}
