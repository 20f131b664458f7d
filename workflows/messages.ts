import { defineQuery, defineSignal } from '@temporalio/workflow';
import type {
  PublicationAnswer,
  PublicationRequest,
  RebuildProgress,
} from '../model/workflow-messages.ts';

/** To `publishRepository`: please serve these packages. */
export const publishSignal = defineSignal<[PublicationRequest]>('publish');

/** To `rebuildKmod`: they are served, or will not be. */
export const publishedSignal = defineSignal<[PublicationAnswer]>('published');

/** To `rebuildKmod`: where are you? */
export const progressQuery = defineQuery<RebuildProgress>('progress');
