import { execFile } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { MockUnusableError } from '../../model/mock-errors.ts';
import type { IsolationFacts } from './choose-isolation.ts';
import { findMockAccount, type MockAccount } from './mock-account.ts';

/** mock as it is on this machine, ready to run. */
export interface MockProgram {
  /** E.g. `/usr/bin/mock`. */
  readonly path: string;
  /** E.g. `6.7`. */
  readonly version: string;
  /** Where its configurations are, e.g. `/etc/mock`. */
  readonly configDirectory: string;
  /** Search path for what rekmod itself starts, e.g. createrepo_c. */
  readonly searchPath: string;
  readonly account: Extract<MockAccount, { kind: 'usable' }>;
  readonly isolation: IsolationFacts;
}

/** Whether mock works here, and what to do if it does not. */
export type MockSearch =
  | { readonly kind: 'found'; readonly program: MockProgram }
  | { readonly kind: 'unusable'; readonly problem: string; readonly remedy: string };

/** The process that would run mock. */
export interface MockEnvironment {
  readonly PATH?: string | undefined;
  readonly SUDO_UID?: string | undefined;
  readonly SUDO_GID?: string | undefined;
  readonly uid: number;
  readonly gids: readonly number[];
  /** Holds `group`, `passwd` and `mock/`. @default {'/etc'} */
  readonly etc?: string;
}

/** Since then mock has the plugin that writes down what a root holds. */
const OLDEST_MAJOR = 6;
const PROBE_TIMEOUT_MS = 20_000;
const run = promisify(execFile);

/** Looks for mock and for what it needs of user and machine; starts nothing that stays. */
export async function findMock(environment: MockEnvironment): Promise<MockSearch> {
  const { PATH = '/usr/sbin:/usr/bin:/sbin:/bin', SUDO_UID, SUDO_GID, etc = '/etc' } = environment;
  const path = await findOnPath('mock', PATH);
  if (path === undefined) {
    const remedy = 'install the package mock and log in as a member of the group "mock"';
    return { kind: 'unusable', problem: '"mock" is not on PATH', remedy };
  }
  const version = await readVersion(path, PATH);
  if (version === undefined || Number.parseInt(version, 10) < OLDEST_MAJOR) {
    const problem = `expected mock ${OLDEST_MAJOR} or newer at "${path}", found ${version ?? 'another program'}`;
    return { kind: 'unusable', problem, remedy: 'install a newer mock' };
  }
  const account = findMockAccount({
    ...environment,
    environment: {
      ...(SUDO_UID === undefined ? {} : { SUDO_UID }),
      ...(SUDO_GID === undefined ? {} : { SUDO_GID }),
    },
    group: await readText(join(etc, 'group')),
    passwd: await readText(join(etc, 'passwd')),
  });
  if (account.kind === 'unusable') return account;
  if ((await findOnPath('createrepo_c', PATH)) === undefined) {
    const remedy = 'install the package createrepo_c';
    return { kind: 'unusable', problem: '"createrepo_c" is not on PATH', remedy };
  }
  const isolation = await readIsolationFacts(PATH);
  const configDirectory = join(etc, 'mock');
  const program = { path, version, configDirectory, searchPath: PATH, account, isolation };
  return { kind: 'found', program };
}

/** @throws {MockUnusableError} If mock is missing or does not work here. */
export async function requireMock(environment: MockEnvironment): Promise<MockProgram> {
  const search = await findMock(environment);
  if (search.kind === 'found') return search.program;
  throw new MockUnusableError(search.problem, search.remedy);
}

/** Prints `6.7`; Python's library of the same name has no program at all. */
async function readVersion(path: string, searchPath: string): Promise<string | undefined> {
  try {
    const options = { timeout: PROBE_TIMEOUT_MS, env: { PATH: searchPath, LC_ALL: 'C' } };
    const { stdout } = await run(path, ['--version'], options);
    return /^(?:mock )?v?(\d{1,3}\.\d{1,3}\S{0,20})/m.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

async function readIsolationFacts(searchPath: string): Promise<IsolationFacts> {
  const hasSystemd = await exists('/run/systemd/system');
  const hasNspawn = (await findOnPath('systemd-nspawn', searchPath)) !== undefined;
  const options = { timeout: PROBE_TIMEOUT_MS, env: { PATH: searchPath } };
  const canUnshareNetwork = await run('unshare', ['--net', '--', 'true'], options).then(
    () => true,
    () => false,
  );
  return { hasSystemd, hasNspawn, canUnshareNetwork };
}

async function findOnPath(name: string, path: string): Promise<string | undefined> {
  for (const directory of path.split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(directory, name);
    if (await exists(candidate, constants.X_OK)) return candidate;
  }
  return undefined;
}

async function exists(path: string, mode: number = constants.F_OK): Promise<boolean> {
  return await access(path, mode).then(
    () => true,
    () => false,
  );
}

async function readText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}
