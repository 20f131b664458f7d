import type { LogFields } from '../model/log-line.ts';

/** A stack of a dozen frames; an error that carries a whole log must not become one line. */
const ERROR_LIMIT = 4000;

/** Reads what a line is about from what the Temporal SDK says beside it. */
export function toLogFields(meta: Readonly<Record<string, unknown>>): LogFields {
  const { workflowId, workflowRunId, activityType, taskQueue, attempt, error } = meta;
  const runId = workflowRunId ?? meta.runId;
  return {
    ...(typeof workflowId === 'string' ? { workflowId, ...fieldsOfId(workflowId) } : {}),
    ...(typeof runId === 'string' ? { runId } : {}),
    ...(typeof activityType === 'string' ? { activity: activityType } : {}),
    ...(typeof attempt === 'number' ? { attempt } : {}),
    ...(typeof taskQueue === 'string' ? { taskQueue } : {}),
    ...(error === undefined ? {} : { error: describeError(error) }),
  };
}

/** Reads what a workflow is about from its id; nothing of ids that are not rekmod's. */
export function fieldsOfId(workflowId: string): LogFields {
  const [kind, first, second, third] = workflowId.split('/');
  if (first === undefined) return {};
  switch (kind) {
    case 'rebuild':
      return {
        kmod: first,
        ...(second === undefined ? {} : { stream: second }),
        ...(third === undefined ? {} : { kernel: third }),
      };
    case 'kernel':
      return { stream: first, ...(second === undefined ? {} : { kernel: second }) };
    case 'publish':
    case 'sign':
      return { repository: first };
    case 'stream':
    case 'gate':
      return { stream: first };
    default:
      return {};
  }
}

function describeError(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.slice(0, ERROR_LIMIT);
}
