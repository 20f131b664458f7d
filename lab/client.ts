import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { runProgram } from '../activities/run-program.ts';

/** How a command in a client ended. */
export interface ClientEnd {
  readonly exitCode: number;
  /** Standard output and error, as a person would see them. */
  readonly said: string;
}

/** A machine that lives on between commands: a container of the lab's image, which has dnf and zypper. */
export interface Client extends AsyncDisposable {
  /** Runs a program, whatever comes of it. */
  run(...argv: readonly string[]): Promise<ClientEnd>;
  /** @throws {Error} If it ends with another exit code than 0, with what it said. */
  mustRun(...argv: readonly string[]): Promise<string>;
  /** Writes a file, e.g. `/etc/yum.repos.d/rekmod.repo`. */
  write(path: string, content: string): Promise<void>;
}

const TIMEOUT_MS = 5 * 60_000;
const EVERY_CODE = Array.from({ length: 256 }, (_, code) => code);

/** Makes the image of clients if it is not there yet. @returns Its name. */
export async function makeClientImage(): Promise<string> {
  const script = join(import.meta.dirname, 'client-image.sh');
  const { REKMOD_CACHE, XDG_CACHE_HOME } = process.env;
  const env = {
    ...(REKMOD_CACHE === undefined ? {} : { REKMOD_CACHE }),
    ...(XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME }),
  };
  return (await runProgram(['bash', script], { env, timeoutMs: TIMEOUT_MS })).stdout.trim();
}

/** Starts a client. It shares the machine's network, because the lab's repositories listen on loopback. */
export async function startClient(image: string): Promise<Client> {
  const name = `rekmod-client-${randomUUID()}`;
  const start = ['docker', 'run', '--detach', '--rm', '--network', 'host', '--name', name] as const;
  await runProgram([...start, image, 'sleep', 'infinity'], { timeoutMs: TIMEOUT_MS });
  const run: Client['run'] = async (...argv) => {
    // One stream, so that what was said stays in its order.
    const shell = ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...argv];
    const options = { okCodes: EVERY_CODE, timeoutMs: TIMEOUT_MS };
    const { exitCode, stdout } = await runProgram(['docker', 'exec', name, ...shell], options);
    return { exitCode, said: stdout };
  };
  return {
    run,
    async mustRun(...argv) {
      const { exitCode, said } = await run(...argv);
      if (exitCode !== 0) throw new Error(`"${argv.join(' ')}" ended with ${exitCode}:\n${said}`);
      return said;
    },
    async write(path, content) {
      const script = 'mkdir -p "$(dirname "$1")" && cat > "$1"';
      const argv = [
        'docker',
        'exec',
        '--interactive',
        name,
        'sh',
        '-c',
        script,
        'sh',
        path,
      ] as const;
      await runProgram([...argv], { stdin: content });
    },
    async [Symbol.asyncDispose]() {
      await runProgram(['docker', 'rm', '--force', name]);
    },
  };
}
