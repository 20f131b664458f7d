import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { endChild } from '../../cli/end-child.ts';
import { findTemporal } from '../../cli/temporal-server.ts';
import { cacheDirectory } from '../read-lab.ts';
import { findFreePorts } from '../world.ts';
import { waitUntil } from './processes.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

/** A Temporal server that is not rekmod's own, behind a line that can be cut. */
export class OwnTemporal {
  /** Where the server is, past the line. */
  readonly address: string;
  readonly line: TcpProxy;
  readonly #argv: readonly [string, ...string[]];
  readonly #logFile: string;
  #server: ChildProcess | undefined;

  private constructor(parts: {
    readonly address: string;
    readonly line: TcpProxy;
    readonly argv: readonly [string, ...string[]];
    readonly logFile: string;
  }) {
    this.address = parts.address;
    this.line = parts.line;
    this.#argv = parts.argv;
    this.#logFile = parts.logFile;
  }

  /** Starts one with its data in a directory. */
  static async start(directory: string): Promise<OwnTemporal> {
    const program = await findTemporal(process.env.PATH ?? '', cacheDirectory());
    const [port = 0] = await findFreePorts(1);
    await mkdir(directory, { recursive: true });
    const temporal = new OwnTemporal({
      address: `127.0.0.1:${port}`,
      line: await startTcpProxy(port),
      argv: [
        program,
        ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', `${port}`],
        ...['--db-filename', join(directory, 'temporal.db'), '--log-level', 'error'],
      ],
      logFile: join(directory, 'server.log'),
    });
    await temporal.start();
    return temporal;
  }

  /** What rekmod is told: the line's near end. */
  get lineAddress(): string {
    return `127.0.0.1:${this.line.port}`;
  }

  /** Its process id; undefined when it does not run. */
  get pid(): number | undefined {
    const server = this.#server;
    const isRunning = server && server.exitCode === null && server.signalCode === null;
    return isRunning ? server.pid : undefined;
  }

  /** Starts the server and waits until it answers; does nothing if it runs. */
  async start(): Promise<void> {
    if (this.pid !== undefined) return;
    const log = await open(this.#logFile, 'a');
    const [program, ...args] = this.#argv;
    this.#server = spawn(program, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
    await log.close();
    const answers = async (): Promise<boolean> => {
      try {
        const options = { address: this.address, connectTimeout: 1000 };
        await (await Connection.connect(options)).close();
        return true;
      } catch {
        return false;
      }
    };
    if (await waitUntil(answers, START_TIMEOUT_MS)) return;
    throw new Error(`Temporal does not answer at ${this.address}, see ${this.#logFile}`);
  }

  /** Ends the server alone. */
  async end(how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const server = this.#server;
    if (!server) return;
    if (how === 'SIGKILL') server.kill('SIGKILL');
    await endChild(server, STOP_TIMEOUT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
    await this.line.close();
  }
}
