import { setTimeout as sleep } from 'node:timers/promises';
import type Dockerode from 'dockerode';
import { askEngine, type DockerConnection, describeEngineError } from './docker-connection.ts';
import { ContainerReply } from './docker-replies.ts';
import type { ContainerExit } from './engine.ts';

/** How a container ended, as the engine says. */
export type EndState = Pick<ContainerExit, 'exitCode' | 'isOutOfMemory'>;

const POLL_INTERVAL_MS = 20;
const POLL_LIMIT = 100;
const ACTION = 'wait for a container';

/**
 * Waits until a started container ended.
 *
 * Podman's own wait looks four times a second only. A container nearly always ends when its output
 * does, so its state is looked at from then on; whichever comes first counts.
 *
 * @param output Settles when the attached output ends.
 */
export async function waitForEnd(
  connection: DockerConnection,
  container: Dockerode.Container,
  output: Promise<void>,
): Promise<EndState> {
  const byEngine = waitByEngine(connection, container);
  byEngine.catch(() => undefined);
  const byOutput = output.then(
    () => pollEnd(connection, container),
    () => undefined,
  );
  return (await Promise.race([byEngine, byOutput])) ?? (await byEngine);
}

async function waitByEngine(
  connection: DockerConnection,
  container: Dockerode.Container,
): Promise<EndState> {
  try {
    await container.wait();
  } catch (error) {
    throw describeEngineError(error, ACTION, connection.address);
  }
  const state = await pollEnd(connection, container);
  if (state !== undefined) return state;
  const cause = new Error('a container that still runs after its end');
  throw describeEngineError(cause, ACTION, connection.address);
}

async function pollEnd(
  connection: DockerConnection,
  container: Dockerode.Container,
): Promise<EndState | undefined> {
  for (let poll = 0; poll < POLL_LIMIT; poll += 1) {
    const { State } = await askEngine(connection, ACTION, ContainerReply, () =>
      container.inspect(),
    );
    const hasEnded = !State.Running && (State.Status === 'exited' || State.Status === 'dead');
    if (hasEnded) return { exitCode: State.ExitCode, isOutOfMemory: State.OOMKilled };
    await sleep(POLL_INTERVAL_MS);
  }
  return undefined;
}
