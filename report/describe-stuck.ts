import type { StuckWorkflow } from '../model/status.ts';
import { cleanText } from './clean-text.ts';

const REASON_LENGTH = 300;

/** Says of each workflow that stands still why, and what a person can do; nothing while all go on. */
export function describeStuck(stuck: readonly StuckWorkflow[] = []): readonly string[] {
  return stuck.map((one) => {
    const subject = `${describeSubject(one.workflowId)} stands still (workflow "${one.workflowId}"`;
    const reason = cleanText(one.reason, REASON_LENGTH);
    return one.why === 'other-version'
      ? `${subject}): another version of rekmod began it, and this one does not take the same steps: run that version until it has ended, or terminate it, and what it was for is begun anew; ${reason}`
      : `${subject}): its last ${one.attempts} attempts to go on failed: ${reason}`;
  });
}

/** What does not go on, for people who do not know workflows. */
function describeSubject(workflowId: string): string {
  const [kind = '', first = '', ...rest] = workflowId.split('/');
  switch (kind) {
    case 'publish':
      return `Publishing to repository ${first}`;
    case 'gate':
      return `The gate of stream ${first}`;
    case 'kernel':
      return `The rollout of kernel ${rest.join('/')} of ${first}`;
    case 'rebuild':
      return `The rebuild of ${first} for ${rest.join(' ')}`;
    case 'stream':
      return `A look at stream ${first}`;
    default:
      return 'A workflow';
  }
}
