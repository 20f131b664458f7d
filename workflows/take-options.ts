import { setHandler } from '@temporalio/workflow';
import type { WorkflowOptions } from '../model/workflow-messages.ts';
import { configureSignal } from './messages.ts';

/**
 * Takes the options of a workflow's input, and newer ones that it is told while it runs: a timer or activity that
 * began keeps what it began with.
 *
 * @returns The input, whose options are always those of the moment.
 */
export function takeOptions<Input extends { readonly options: WorkflowOptions }>(
  given: Input,
): Input {
  const input: Input & { options: WorkflowOptions } = { ...given };
  setHandler(configureSignal, (newest) => {
    input.options = newest;
  });
  return input;
}
