import { RegistryUnreachableError } from '../model/engine-errors.ts';
import { type DockerConnection, describeEngineError } from './docker-connection.ts';
import { PullProgress } from './docker-replies.ts';
import type { ImagePull } from './engine.ts';

/** Longest time without a word of progress; the engine itself gives up on a registry much earlier. */
const STALL_TIMEOUT_MS = 600_000;
/** One line of progress has some hundred bytes. */
const MAX_LINE_LENGTH = 1024 ** 2;

/** What engines say about troubles that pass: network, an overloaded registry, a full disk. */
const PASSING_TROUBLE =
  /dial tcp|no such host|server misbehaving|connection (refused|reset)|timeout|deadline exceeded|\bEOF\b|unreachable|no route to host|too ?many ?requests|unavailable|HTTP status:? 5\d\d|bad gateway|internal server error|no space left/iu;

/**
 * Pulls an image; engines tell a refusal by HTTP status or in the middle of a good answer.
 *
 * The progress is read here and not with dockerode's `followProgress`, which ends the whole process
 * on a line that is no JSON.
 *
 * @see ContainerEngine.pull
 */
export async function pullImage(
  connection: DockerConnection,
  reference: string,
  signal: AbortSignal,
  stallTimeoutMs: number = STALL_TIMEOUT_MS,
): Promise<ImagePull> {
  signal.throwIfAborted();
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), stallTimeoutMs);
  try {
    const abortSignal = AbortSignal.any([signal, stalled.signal]);
    const progress = await connection.client.pull(reference, { abortSignal });
    const refusal = await findRefusal(progress, () => timer.refresh());
    return refusal === undefined ? { kind: 'pulled' } : judgeRefusal(reference, refusal);
  } catch (error) {
    signal.throwIfAborted();
    if (stalled.signal.aborted) {
      throw new RegistryUnreachableError(reference, `none within ${stallTimeoutMs / 1000} s`);
    }
    if (!(error instanceof Error && 'statusCode' in error)) {
      throw describeEngineError(error, `pull the image "${reference}"`, connection.address);
    }
    return judgeRefusal(reference, error.message.replace(/^\(HTTP code \d+\) .*? - /u, ''));
  } finally {
    clearTimeout(timer);
  }
}

/** Reads the progress to its end; returns the last error in it. */
async function findRefusal(
  progress: NodeJS.ReadableStream,
  onProgress: () => void,
): Promise<string | undefined> {
  progress.setEncoding('utf8');
  let rest = '';
  let refusal: string | undefined;
  for await (const chunk of progress) {
    onProgress();
    const lines = `${rest}${chunk.toString()}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_LENGTH) throw new Error('an answer that is none: an endless line');
    for (const line of lines) refusal = errorOf(line) ?? refusal;
  }
  return errorOf(rest) ?? refusal;
}

function errorOf(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  const { error, errorDetail } = PullProgress.parse(JSON.parse(line));
  return errorDetail?.message ?? error ?? undefined;
}

/** HTTP statuses say little (an unknown host is a 500 as a denied access is), so the words decide. */
function judgeRefusal(reference: string, sentence: string): ImagePull {
  const reason = sentence.trim();
  // Podman's sentences hold the name, which may be anything.
  if (PASSING_TROUBLE.test(reason.replaceAll(reference, '')))
    throw new RegistryUnreachableError(reference, reason);
  return { kind: 'refused', reason };
}
