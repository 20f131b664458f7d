import { setTimeout as delay } from 'node:timers/promises';
import { type EngineAttempt, EngineMissingError } from '../model/engine-errors.ts';
import { connectDockerEngine } from './docker-engine.ts';
import type { ContainerEngine } from './engine.ts';

/** What the search for an engine depends on. */
export interface EngineEnvironment {
  /** Environment variable of this name; when set, only this address is tried. */
  readonly DOCKER_HOST?: string | undefined;
  /** Environment variable of this name, e.g. `/run/user/1000`. */
  readonly XDG_RUNTIME_DIR?: string | undefined;
  /** The user's number; 0 is root. */
  readonly uid: number;
}

/** What was found, or where it was looked for. */
export type EngineSearch =
  | { readonly kind: 'found'; readonly engine: ContainerEngine }
  | { readonly kind: 'missing'; readonly attempts: readonly EngineAttempt[] };

/** An engine on this machine answers in milliseconds; a busy one in a second. */
const PROBE_TIMEOUT_MS = 4000;

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such socket',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'it hung up',
  EACCES: 'permission denied',
  ENOTFOUND: 'no such host',
  ENOTSOCK: 'not a socket',
};

/** Problems that waiting does not end. An engine that starts again has its socket, and nobody listens. */
const HOPELESS: ReadonlySet<string> = new Set(
  ['ENOENT', 'EACCES', 'ENOTFOUND', 'ENOTSOCK'].map((code) => PROBLEMS[code] ?? ''),
);
const RETRY_MS = 500;

/**
 * Finds a container engine: `DOCKER_HOST` when it is set; otherwise Docker's socket, then Podman's,
 * the machine's before the user's.
 *
 * @returns The first engine that answers, or what was wrong with each address.
 */
export async function findEngine(
  environment: EngineEnvironment,
  timeoutMs: number = PROBE_TIMEOUT_MS,
): Promise<EngineSearch> {
  const attempts: EngineAttempt[] = [];
  for (const address of listAddresses(environment)) {
    try {
      return { kind: 'found', engine: await connectDockerEngine(address, timeoutMs) };
    } catch (error) {
      attempts.push({ address, problem: describeProblem(error) });
    }
  }
  return { kind: 'missing', attempts };
}

/** How long to wait for an engine that is there and does not answer. */
export interface EnginePatience {
  readonly patienceMs: number;
  /** Tells that the waiting began, once. */
  readonly say: (sentence: string) => void;
}

/**
 * Finds a container engine as {@link findEngine} does; waits for one that is busy or just starting.
 *
 * @throws {EngineMissingError} If none answers, or if there is none to wait for.
 */
export async function requireEngine(
  environment: EngineEnvironment,
  { patienceMs, say }: EnginePatience,
): Promise<ContainerEngine> {
  const startedAt = performance.now();
  for (let isFirst = true; ; isFirst = false) {
    const search = await findEngine(environment);
    if (search.kind === 'found') return search.engine;
    const slow = search.attempts.filter(({ problem }) => !HOPELESS.has(problem));
    const isOver = performance.now() - startedAt >= patienceMs;
    if (slow.length === 0 || isOver) throw new EngineMissingError(search.attempts);
    if (isFirst) {
      const found = slow.map(({ address, problem }) => `${address} (${problem})`).join(', ');
      say(`Waiting up to ${patienceMs / 1000} s for the container engine: ${found}`);
    }
    await delay(RETRY_MS);
  }
}

/** The addresses where engines listen, in the order of trying. */
export function listAddresses(environment: EngineEnvironment): readonly string[] {
  const { DOCKER_HOST: host, XDG_RUNTIME_DIR: directory, uid } = environment;
  if (host !== undefined && host !== '') {
    return [host.includes('://') ? host : `tcp://${host}`];
  }
  const userDirectory =
    directory === undefined || directory === '' ? `/run/user/${uid}` : directory;
  return [
    'unix:///var/run/docker.sock',
    'unix:///run/podman/podman.sock',
    `unix://${userDirectory}/docker.sock`,
    `unix://${userDirectory}/podman/podman.sock`,
  ];
}

function describeProblem(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const known = typeof code === 'string' ? PROBLEMS[code] : undefined;
  return known ?? (cause instanceof Error ? cause.message.trim() : String(cause));
}
