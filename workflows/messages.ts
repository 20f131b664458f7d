import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  FastLaneRequest,
  FreezeRequest,
  GateAnswer,
  OrderRequest,
  PublicationAnswer,
  PublicationRequest,
  RebuildProgress,
  Resumption,
  RollbackCommand,
  RollbackResult,
  ThawRequest,
  UnwaiveRequest,
  WaiveRequest,
  WorkflowOptions,
} from '../model/workflow-messages.ts';

/** To `publishRepository`: please serve these packages. */
export const publishSignal = defineSignal<[PublicationRequest]>('publish');

/** To `publishRepository`: a person wants an earlier snapshot back. */
export const rollBackUpdate = defineUpdate<RollbackResult, [RollbackCommand]>('rollBack');

/** To `rebuildKmod`: they are served, or will not be. */
export const publishedSignal = defineSignal<[PublicationAnswer]>('published');

/** To `rolloutKernel`: build what has waited for this kmod, or has a new source. */
export const resumeSignal = defineSignal<[Resumption]>('resume');

/** To `rebuildKmod`: where are you? */
export const progressQuery = defineQuery<RebuildProgress>('progress');

/** To all that run for long: from now on these options hold. Workflows of before keep their own until then. */
export const configureSignal = defineSignal<[WorkflowOptions]>('configure');

/** To `gateStream`: something may have changed. */
export const lookAgainSignal = defineSignal('look again');

/** To `gateStream`: let kernels through without a required kmod. */
export const waiveUpdate = defineUpdate<GateAnswer, [WaiveRequest]>('waive');

/** To `gateStream`: the waiver holds no more. */
export const unwaiveUpdate = defineUpdate<GateAnswer, [UnwaiveRequest]>('unwaive');

/** To `gateStream`: build nothing of a kmod, release nothing of a kernel or stream. */
export const freezeUpdate = defineUpdate<GateAnswer, [FreezeRequest]>('freeze');

/** To `gateStream`: it is not frozen any more. */
export const thawUpdate = defineUpdate<GateAnswer, [ThawRequest]>('thaw');

/** To `gateStream`: let a kernel through, whatever it waits for. */
export const promoteUpdate = defineUpdate<GateAnswer, [OrderRequest]>('promote');

/** To `gateStream`: hide a kernel that was let through. */
export const recallUpdate = defineUpdate<GateAnswer, [OrderRequest]>('recall');

/** To `gateStream`: this kernel is in the fast lane. */
export const fastLaneUpdate = defineUpdate<GateAnswer, [FastLaneRequest]>('fastLane');
