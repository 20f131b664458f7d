import { Context } from '@temporalio/activity';
import type { Labels } from '../containers/backend.ts';
import type { CellKey } from '../model/cell.ts';
import type { KernelKey } from '../model/kernel.ts';

/**
 * What stands on everything that a backend starts for an activity: whose it is, for what, and which
 * attempt started it. Where each comes from is told in `containers/labels.ts`.
 */
export function labelRun(homeId: string, work: KernelKey & Partial<CellKey>): Labels {
  const { stream, release, kmod } = work;
  const { workflowExecution, attempt } = Context.current().info;
  const kernel = `${stream}/${release}`;
  return {
    home: homeId,
    kernel,
    ...(kmod === undefined ? {} : { cell: `${kernel}/${kmod}` }),
    workflow: workflowExecution?.workflowId ?? 'manual',
    run: workflowExecution?.runId ?? 'manual',
    attempt: String(attempt),
  };
}
