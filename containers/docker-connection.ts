import type Dockerode from 'dockerode';
import { z } from 'zod';
import { EngineRefusedError, EngineUnavailableError } from '../model/engine-errors.ts';
import { RekmodError } from '../model/errors.ts';

/** A client and the words for its errors. */
export interface DockerConnection {
  readonly client: Dockerode;
  /** E.g. `unix:///var/run/docker.sock`. */
  readonly address: string;
}

/** Longest wait for an answer to a call that has no reason to take long; a busy disk may. */
export const CALL_TIMEOUT_MS = 120_000;

/**
 * Calls the engine, with a time limit and with rekmod's errors.
 *
 * @param action For the message, e.g. `start a container`.
 * @throws {EngineUnavailableError} If there is no answer, or none within `timeoutMs`.
 * @throws {EngineRefusedError} If the answer is an HTTP error.
 */
export async function callEngine<Answer>(
  connection: DockerConnection,
  action: string,
  call: (client: Dockerode) => Promise<Answer>,
  timeoutMs: number = CALL_TIMEOUT_MS,
): Promise<Answer> {
  try {
    return await withinTime(call(connection.client), timeoutMs);
  } catch (error) {
    throw describeEngineError(error, action, connection.address);
  }
}

/**
 * Asks the engine something, and checks the answer.
 *
 * @throws {EngineUnavailableError} If there is no answer, or one of another shape than `schema`.
 * @throws {EngineRefusedError} If the answer is an HTTP error.
 */
export async function askEngine<Reply>(
  connection: DockerConnection,
  action: string,
  schema: z.ZodType<Reply>,
  call: (client: Dockerode) => Promise<unknown>,
  timeoutMs: number = CALL_TIMEOUT_MS,
): Promise<Reply> {
  const reply = schema.safeParse(await callEngine(connection, action, call, timeoutMs));
  if (reply.success) return reply.data;
  const cause = new Error(`an answer that is none: ${z.prettifyError(reply.error)}`);
  throw describeEngineError(cause, action, connection.address);
}

/** Whether the engine's answer was "no such container" or "no such image". */
export function isNotFound(error: unknown): boolean {
  return error instanceof EngineRefusedError && error.statusCode === 404;
}

/** Waits for a promise, at most so long. */
export async function withinTime<Value>(
  promise: Promise<Value>,
  timeoutMs: number,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`none within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Turns whatever a call of the engine threw into an error of rekmod's. */
export function describeEngineError(error: unknown, action: string, address: string): RekmodError {
  if (error instanceof RekmodError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const statusCode = 'statusCode' in cause ? cause.statusCode : undefined;
  return typeof statusCode === 'number'
    ? new EngineRefusedError(action, statusCode, { cause })
    : new EngineUnavailableError(action, address, { cause });
}
