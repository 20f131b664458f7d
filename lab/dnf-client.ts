import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CommandEnd, isCommandError, type World } from './world.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 10 * 60_000;
/** Ends by itself if whoever started it was killed. */
const LIFETIME_SECONDS = '3600';

/** A machine that lives on between its updates: a container with a real dnf and one repository. */
export class DnfClient {
  readonly #id: string;
  readonly #repositories: string;

  private constructor(id: string, repositories: string) {
    this.#id = id;
    this.#repositories = repositories;
  }

  /**
   * Starts a machine whose only repository is one of rekmod's, by the `.repo` file that rekmod serves.
   *
   * The container shares the host's network, because the repositories listen on loopback.
   */
  static async start(world: World, repository: string): Promise<DnfClient> {
    const name = `rekmod-${repository}.repo`;
    const answer = await fetch(`${world.serverUrl}/repositories/${repository}/${name}`);
    if (!answer.ok) throw new Error(`no ${name} is served: ${answer.status}`);
    const repositories = join(world.home, '..', `client-${randomUUID()}`);
    await mkdir(repositories);
    await writeFile(join(repositories, name), await answer.text());
    const { stdout } = await run('docker', [
      ...['run', '--detach', '--rm', '--network', 'host'],
      ...['--volume', `${repositories}:/etc/yum.repos.d:ro`],
      ...[world.lab.image, 'sleep', LIFETIME_SECONDS],
    ]);
    return new DnfClient(stdout.trim(), repositories);
  }

  /** Runs dnf with fresh metadata; whatever it answers is an answer. */
  async dnf(...args: readonly string[]): Promise<CommandEnd> {
    const always = ['-y', '--refresh', '--disableplugin=local', '--setopt=install_weak_deps=False'];
    return await this.#exec('dnf', ...always, ...args);
  }

  /** The installed packages whose names begin so, as rpm names them, sorted. */
  async installed(...prefixes: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await this.#exec('rpm', '-qa');
    const names = stdout.split('\n');
    return names.filter((name) => prefixes.some((prefix) => name.startsWith(prefix))).sort();
  }

  /** What the last transaction of dnf did, as `dnf history` tells it. */
  async lastTransaction(): Promise<string> {
    return (await this.#exec('dnf', 'history', 'info', 'last')).stdout;
  }

  /** The kernels that dnf would install, as `version-release`. */
  async visibleKernels(): Promise<readonly string[]> {
    const { stdout } = await this.dnf(
      ...['--quiet', 'repoquery', '--available', '--queryformat', '%{version}-%{release}\\n'],
      'kernel-core',
    );
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Paths of the third-party modules of a kernel, those of other kernels that it uses among them. */
  async listModules(release: string): Promise<readonly string[]> {
    const { stdout } = await this.#exec(
      ...['find', `/lib/modules/${release}`, '-path', '*/extra/*', '-name', '*.ko*'],
    );
    return stdout
      .split('\n')
      .filter((path) => path !== '')
      .sort();
  }

  async #exec(...argv: readonly string[]): Promise<CommandEnd> {
    try {
      const { stdout, stderr } = await run('docker', ['exec', this.#id, ...argv], {
        timeout: TIMEOUT_MS,
        maxBuffer: 16 * 1024 * 1024,
      });
      return { exitCode: 0, stdout, stderr };
    } catch (error) {
      if (!isCommandError(error)) throw error;
      return { exitCode: error.code, stdout: error.stdout, stderr: error.stderr };
    }
  }

  /** Ends the machine. */
  async [Symbol.asyncDispose](): Promise<void> {
    await run('docker', ['rm', '--force', this.#id]);
    await rm(this.#repositories, { recursive: true, force: true });
  }
}
