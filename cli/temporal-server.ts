import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { findProgram } from '../activities/find-program.ts';
import { RekmodError, type TroubleKind } from '../model/errors.ts';
import { endChild } from './end-child.ts';
import { isAlive, markProcess, parseMark } from './run-lock.ts';

/** No Temporal server is configured and no program to start one is installed. */
export class TemporalMissingError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(tried: readonly string[]) {
    super(
      `Cannot find Temporal: tried ${tried.join(', ')}; run "make setup", or "go install github.com/temporalio/cli/cmd/temporal@v1.5.1", or set "temporal.address" to a server that exists`,
    );
  }
}

/** A port that rekmod needs is taken. */
export class PortInUseError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(host: string, port: number, setting: string) {
    super(
      `Cannot listen on "${host}:${port}": the port is in use; set "${setting}" in the configuration to a free one, or end the program that holds it (ss -ltnp 'sport = :${port}' names it)`,
    );
  }
}

/** An address that this machine does not have or may not use. */
export class AddressUnusableError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(host: string, port: number, setting: string, options: { readonly cause: Error }) {
    super(
      `Cannot listen on "${host}:${port}": expected an address of this machine and a port that this user may have, found ${options.cause.message}; see "${setting}" in the configuration`,
      options,
    );
  }
}

/** The server did not come up, or nobody answers at its address. */
export class TemporalUnreachableError extends RekmodError {
  readonly failureClass = 'transient';

  override get trouble(): TroubleKind {
    return 'temporal';
  }
}

/** A server that this process started. */
export interface EmbeddedServer {
  readonly address: string;
  readonly uiUrl: string;
  /** What it writes: JSON lines, warnings and worse. */
  readonly logFile: string;
  /** Rejects if the server ends without being told to. */
  readonly failed: Promise<never>;
  /** Ends it and waits until it has. */
  stop(): Promise<void>;
}

/** Settings of a server that has one machine to itself. */
const DYNAMIC_CONFIG = [
  // One partition keeps a queue in order: there is nothing to spread.
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  // Bounds that protect a shared database would make a lone workflow wait for each step.
  'history.transferProcessorMaxPollRPS=1000',
  'history.timerProcessorMaxPollRPS=1000',
  'history.timerProcessorMaxTimeShift="20ms"',
  // Workflows that it has in memory, ended ones among them; 128,000 otherwise, which are gigabytes after some months.
  'history.hostLevelCacheMaxSize=512',
] as const;

/** The name of its database in the directory. */
export const DATABASE = 'temporal.db';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

/**
 * Finds the `temporal` program: on PATH, then in the cache that `make setup` fills.
 *
 * @throws {TemporalMissingError} If there is none.
 */
export async function findTemporal(path: string, cacheDirectory: string): Promise<string> {
  const cached = join(cacheDirectory, 'bin');
  const program = await findProgram('temporal', `${path}:${cached}`);
  if (program) return program;
  throw new TemporalMissingError(['TEMPORAL_ADDRESS', 'temporal.address', 'PATH', cached]);
}

/**
 * @throws {PortInUseError} If something listens there.
 * @throws {AddressUnusableError} If nobody can listen there.
 */
export async function requireFreePort(host: string, port: number, setting: string): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const isTaken = 'code' in cause && cause.code === 'EADDRINUSE';
    if (isTaken) throw new PortInUseError(host, port, setting);
    throw new AddressUnusableError(host, port, setting, { cause });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/**
 * Starts Temporal's dev server on loopback with its data in a directory.
 *
 * A server that an earlier, killed `up` left running on the same data is ended first: two would
 * corrupt the database.
 *
 * @throws {PortInUseError} @throws {TemporalUnreachableError} If it does not answer in time.
 */
export async function startTemporal(options: {
  readonly program: string;
  readonly directory: string;
  readonly namespace: string;
  readonly port: number;
  readonly uiPort: number;
  /** Is given the path of the database while nobody has it open. */
  readonly beforeStart?: (database: string) => Promise<void>;
}): Promise<EmbeddedServer> {
  const host = '127.0.0.1';
  await mkdir(options.directory, { recursive: true });
  const markFile = join(options.directory, 'server.pid');
  await endLeftover(markFile);
  await options.beforeStart?.(join(options.directory, DATABASE));
  await requireFreePort(host, options.port, 'temporal.port');
  await requireFreePort(host, options.uiPort, 'temporal.uiPort');
  const logFile = join(options.directory, 'server.log');
  const log = await open(logFile, 'a');
  const child = await spawnServer({ ...options, host, log: log.fd });
  await log.close();
  if (child.pid !== undefined) {
    await writeFile(markFile, JSON.stringify(await markProcess(child.pid)));
  }
  const address = `${host}:${options.port}`;
  let isStopping = false;
  const failed = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => {
      const end = signal ?? `exit code ${code}`;
      if (isStopping) return;
      reject(
        new TemporalUnreachableError(
          `Cannot go on without Temporal: expected the server to run, found its end (${end}); see ${logFile}`,
        ),
      );
    });
  });
  // Whoever waits for it gets the error; until then it is nobody's.
  failed.catch(() => undefined);
  const server = {
    ...{ address, failed, logFile },
    uiUrl: `http://${host}:${options.uiPort}`,
    async stop() {
      isStopping = true;
      await endChild(child, STOP_TIMEOUT_MS);
      await rm(markFile, { force: true });
    },
  };
  try {
    await waitUntilReady(address, child);
    return server;
  } catch (cause) {
    await server.stop();
    const tail = (await readFile(logFile, 'utf8')).slice(-1500);
    throw new TemporalUnreachableError(
      `Cannot start Temporal "${options.program}": expected an answer at ${address} within ${START_TIMEOUT_MS} ms, found none; the end of ${logFile}:\n${tail}`,
      { cause },
    );
  }
}

async function spawnServer(options: {
  readonly program: string;
  readonly directory: string;
  readonly namespace: string;
  readonly host: string;
  readonly port: number;
  readonly uiPort: number;
  readonly log: number;
}): Promise<ChildProcess> {
  const argv = [
    options.program,
    ...['server', 'start-dev', '--ip', options.host, '--port', `${options.port}`],
    ...['--ui-ip', options.host, '--ui-port', `${options.uiPort}`],
    ...['--db-filename', join(options.directory, DATABASE)],
    ...DYNAMIC_CONFIG.flatMap((value) => ['--dynamic-config-value', value]),
    ...['--namespace', options.namespace, '--log-level', 'warn', '--log-format', 'json'],
  ];
  // The server must not outlive a killed `up`; it gets its signals from us alone, not from a terminal.
  const guard = await findProgram('setpriv', process.env.PATH ?? '');
  const [program = '', ...args] = guard ? [guard, '--pdeathsig', 'TERM', ...argv] : argv;
  return spawn(program, args, { detached: true, stdio: ['ignore', options.log, options.log] });
}

async function waitUntilReady(address: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1000 });
      await connection.close();
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > deadline) throw error;
      await delay(100);
    }
  }
}

async function endLeftover(markFile: string): Promise<void> {
  const mark = parseMark(await readFile(markFile, 'utf8').catch(() => ''));
  if (!mark || !(await isAlive(mark))) return;
  process.kill(mark.pid, 'SIGTERM');
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (await isAlive(mark)) {
    if (performance.now() > deadline) process.kill(mark.pid, 'SIGKILL');
    await delay(50);
  }
}
