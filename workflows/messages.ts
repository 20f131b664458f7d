import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  PublicationAnswer,
  PublicationRequest,
  RebuildProgress,
  Resumption,
  RollbackCommand,
  RollbackResult,
} from '../model/workflow-messages.ts';

/** To `publishRepository`: please serve these packages. */
export const publishSignal = defineSignal<[PublicationRequest]>('publish');

/** To `publishRepository`: a person wants an earlier snapshot back. */
export const rollBackUpdate = defineUpdate<RollbackResult, [RollbackCommand]>('rollBack');

/** To `rebuildKmod`: they are served, or will not be. */
export const publishedSignal = defineSignal<[PublicationAnswer]>('published');

/** To `rolloutKernel`: build what has waited for this kmod. */
export const resumeSignal = defineSignal<[Resumption]>('resume');

/** To `rebuildKmod`: where are you? */
export const progressQuery = defineQuery<RebuildProgress>('progress');
