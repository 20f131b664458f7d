import { access } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { InputUnreadableError } from '../model/engine-errors.ts';
import {
  askEngine,
  callEngine,
  type DockerConnection,
  describeEngineError,
  withinTime,
} from './docker-connection.ts';
import { describeCommit, describeContainer } from './docker-create-options.ts';
import { CommitReply } from './docker-replies.ts';
import type {
  ContainerControl,
  ContainerExit,
  ContainerRequest,
  EngineInfo,
  ImageCommit,
} from './engine.ts';
import { CallbackFailure, forwardOutput, type OutputCount } from './forward-output.ts';
import { type EndState, waitForEnd } from './wait-container.ts';

/** What a container gets between SIGTERM and SIGKILL. */
const STOP_GRACE_SECONDS = 3;
/** Committing and removing write or unlink a kernel-devel of 100 MB and more. */
const DISK_TIMEOUT_MS = 900_000;
/** What the end of the output gets after the end of its container. */
const DRAIN_TIMEOUT_MS = 60_000;
const REMOVE_TRIES = 3;

/** Why a run ends before its container does. */
type Interruption =
  | { readonly kind: 'time-out' }
  | { readonly kind: 'refusal'; readonly error: unknown };

/**
 * Creates, follows and removes a container.
 *
 * @see ContainerEngine.run
 */
export async function runContainer(
  connection: DockerConnection,
  info: EngineInfo,
  request: ContainerRequest,
  control: ContainerControl,
): Promise<ContainerExit> {
  control.signal.throwIfAborted();
  for (const { source } of request.mounts) await requireSource(source);
  const container = await callEngine(connection, 'create a container', (client) =>
    client.createContainer(describeContainer(request, info)),
  );
  try {
    const exit = await followContainer(connection, container, request, control);
    const commit = exit.isTimedOut ? undefined : control.commitTo?.(exit);
    if (commit === undefined) return exit;
    return { ...exit, imageId: await commitContainer(connection, container, commit, request) };
  } finally {
    await removeSurely(container);
  }
}

/** Podman makes a directory of a mount's source that is not there. */
async function requireSource(path: string): Promise<void> {
  try {
    await access(path);
  } catch (error) {
    throw new InputUnreadableError(path, error instanceof Error ? error.message : 'nothing');
  }
}

async function followContainer(
  connection: DockerConnection,
  container: Dockerode.Container,
  request: ContainerRequest,
  control: ContainerControl,
): Promise<ContainerExit> {
  const stream = await callEngine(connection, 'attach to a container', () =>
    container.attach({ stream: true, stdout: true, stderr: true }),
  );
  if (!(stream instanceof Readable)) throw new Error('BUG: attached to something unreadable');
  try {
    const count: OutputCount = { stdoutBytes: 0, stderrBytes: 0 };
    const output = readOutput(connection, stream, count, request, control);
    control.signal.throwIfAborted();
    await callEngine(connection, 'start a container', () => container.start());
    const end = waitForEnd(connection, container, output);
    end.catch(() => undefined);
    const interruption = await raceInterruptions(end, output, request.timeoutMs, control.signal);
    if (interruption !== undefined) await stopContainer(connection, container);
    if (interruption?.kind === 'refusal') throw interruption.error;
    const action = 'read the rest of the output of a container';
    const state = await callEngine(connection, action, () => end, DRAIN_TIMEOUT_MS);
    const settled = output.then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const failure = await callEngine(connection, action, () => settled, DRAIN_TIMEOUT_MS);
    if (failure !== undefined) throw failure.error;
    return { ...state, ...count, isTimedOut: interruption !== undefined };
  } finally {
    stream.destroy();
  }
}

/** Forwards the output; rejects with what a callback threw, or with an error of the engine. */
function readOutput(
  connection: DockerConnection,
  stream: Readable,
  count: OutputCount,
  request: ContainerRequest,
  control: ContainerControl,
): Promise<void> {
  const output = forwardOutput(stream, count, request, control).catch((error: unknown) => {
    throw error instanceof CallbackFailure
      ? error.thrown
      : describeEngineError(error, 'read the output of a container', connection.address);
  });
  // Until somebody waits for it, an early failure has no other listener.
  output.catch(() => undefined);
  return output;
}

/** Waits for the first of: the container's end, its time-out, the caller's signal, a bad output. */
async function raceInterruptions(
  end: Promise<EndState>,
  output: Promise<void>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Interruption | undefined> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => undefined;
  const interrupted = new Promise<Interruption>((resolve) => {
    const refuse = (error: unknown): void => resolve({ kind: 'refusal', error });
    timer = setTimeout(() => resolve({ kind: 'time-out' }), timeoutMs);
    onAbort = () => refuse(signal.reason);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    output.catch(refuse);
  });
  try {
    return await Promise.race([end.then(() => undefined), interrupted]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Ends a container: SIGTERM, some seconds, SIGKILL. One that has ended already is none the worse. */
async function stopContainer(
  connection: DockerConnection,
  container: Dockerode.Container,
): Promise<void> {
  await callEngine(connection, 'stop a container', async () => {
    try {
      await container.stop({ t: STOP_GRACE_SECONDS });
    } catch (error) {
      if (statusOf(error) !== 304) throw error;
    }
  });
}

async function commitContainer(
  connection: DockerConnection,
  container: Dockerode.Container,
  commit: ImageCommit,
  request: ContainerRequest,
): Promise<string> {
  const query = describeCommit(container.id, commit, request);
  const reply = await askEngine(
    connection,
    `commit the image "${commit.repository}:${commit.tag}"`,
    CommitReply,
    // Podman needs some body, and docker-modem leaves out an empty one.
    () => container.commit({ _query: query, _body: { Labels: {} } }),
    DISK_TIMEOUT_MS,
  );
  // Podman leaves out the algorithm here.
  return /^[0-9a-f]{64}$/.test(reply.Id) ? `sha256:${reply.Id}` : reply.Id;
}

/**
 * Removes a container whatever its state. A failure here must not turn a finished build into a
 * failed one: the container has its labels, and the next `removeLeftovers` finds it.
 */
async function removeSurely(container: Dockerode.Container): Promise<void> {
  for (let attempt = 1; attempt <= REMOVE_TRIES; attempt += 1) {
    try {
      await withinTime(container.remove({ force: true, v: true }), DISK_TIMEOUT_MS);
      return;
    } catch (error) {
      if (statusOf(error) === 404) return;
      await sleep(attempt * 200);
    }
  }
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
}
