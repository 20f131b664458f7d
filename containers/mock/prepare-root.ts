import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, constants, copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PrepareFailedError } from '../../model/engine-errors.ts';
import type { FailureClass } from '../../model/errors.ts';
import type { MockTarget } from '../../model/settings.ts';
import type { Sha256Hex } from '../../model/store.ts';
import type { PrepareRequest, RunControl } from '../backend.ts';
import { DESCRIBE_SCRIPT, parseBuildrootFacts } from '../buildroot-facts.ts';
import { capLog } from '../capped-log.ts';
import type { TargetKey } from '../target-keys.ts';
import type { MockProgram } from './find-mock.ts';
import { renderMockConfig } from './render-config.ts';
import { makePlace, type PreparedRoot, type RootPlace, writePrepared } from './root-store.ts';
import type { Runs } from './runs.ts';
import {
  type MockSession,
  openSession,
  type SessionResult,
  type UsableIsolation,
} from './session.ts';
import type { StockRoot } from './stock-root.ts';

/** Grows when a root is made in another way, so that older ones are not used any more. */
const PREPARE_VERSION = 1;
const CREATEREPO_TIMEOUT_MS = 120_000;
const SHOWN_LINES = 8;
const run = promisify(execFile);

/** A request for a target of this backend. */
export type MockPrepareRequest = PrepareRequest & { readonly target: MockTarget };

/** A root to make. */
export interface RootJob {
  readonly request: MockPrepareRequest;
  readonly program: MockProgram;
  readonly runs: Runs;
  readonly stock: StockRoot;
  readonly isolation: UsableIsolation;
  /** Of the target's repositories. */
  readonly keys: readonly TargetKey[];
  readonly digest: Sha256Hex;
  readonly place: RootPlace;
}

/** Digests everything that could make a root another one. */
export function digestRoot({
  request,
  stock,
  isolation,
  keys,
}: Pick<RootJob, 'request' | 'stock' | 'isolation' | 'keys'>): Sha256Hex {
  const { target, kernel, limits } = request;
  const { memoryBytes, pids, cpus } = limits;
  const input = [
    PREPARE_VERSION,
    target.root,
    stock.digest,
    kernel.release,
    kernel.develSha256,
    target.packages.toSorted(),
    Object.entries(target.repositories).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    isolation.kind,
    isolation.kind === 'nspawn' ? [memoryBytes, pids, cpus] : [],
    ...(keys.length > 0 ? [keys.map(({ sha256 }) => sha256).toSorted()] : []),
  ];
  return createHash('sha256').update(JSON.stringify(input)).digest('hex');
}

/**
 * Lets mock make a root that holds the kernel's devel package, once, so that its cache serves every
 * build after.
 *
 * @throws {PrepareFailedError} If mock or its dnf could not make it, or it is not as it must be.
 */
export async function prepareRoot(job: RootJob, control: RunControl): Promise<PreparedRoot> {
  const { request, place, digest, isolation } = job;
  await layOutRoot(job);
  const log = capLog(control.onLog, request.limits.logBytes);
  const session = await openSession({
    ...job,
    config: place.config,
    labels: request.labels,
    log,
    signal: control.signal,
  });
  try {
    const facts = await askMock(job, session);
    const { toolchain } = facts;
    const devel = { ...request.kernel.develNevra };
    const root: PreparedRoot = { digest, isolation: isolation.kind, devel, toolchain };
    await writePrepared(place, root);
    return root;
  } finally {
    await session.close();
    log.finish();
  }
}

/** Makes the root, and asks it what it holds. */
async function askMock(
  { request }: RootJob,
  session: MockSession,
): Promise<ReturnType<typeof parseBuildrootFacts>> {
  const { kernel, limits } = request;
  const timeoutMs = limits.prepareTimeoutMs;
  const init = await session.call({
    action: 'init',
    args: ['--init'],
    timeoutMs,
    isOffline: false,
  });
  requireSuccess(init, request);
  const { name } = kernel.develNevra;
  const script = await readFile(DESCRIBE_SCRIPT, 'utf8');
  const text = `REKMOD_DEVEL=${quote(name)} REKMOD_RELEASE=${quote(kernel.release)}\n${script}`;
  const args = ['--no-clean', '--chroot', text];
  const asked = await session.call({ action: 'chroot', args, timeoutMs, isOffline: true });
  requireSuccess(asked, request);
  const facts = parseBuildrootFacts(asked.stdout);
  if (facts.develCount !== 1) {
    const found = `${facts.develCount ?? 'no word of how many'} packages "${name}" instead of one`;
    throw describeFailure(request, { found, failureClass: 'configuration', result: asked });
  }
  if (!facts.hasTree) {
    const found = `no build tree of ${kernel.release} under /usr/src/kernels or /lib/modules`;
    throw describeFailure(request, { found, failureClass: 'configuration', result: asked });
  }
  return facts;
}

/**
 * Writes the repository of the one kernel-devel, with the keys beside it because mock mounts that
 * directory where dnf runs, then the configuration that names it.
 */
async function layOutRoot({
  request,
  program,
  place,
  stock,
  isolation,
  keys,
}: RootJob): Promise<void> {
  const { target, kernel, limits } = request;
  await makePlace(place);
  const file = join(place.repository, 'kernel-devel.rpm');
  await copyFile(kernel.develRpm, file, constants.COPYFILE_FICLONE);
  await chmod(file, 0o644);
  for (const key of keys)
    await writeFile(join(place.repository, key.file), key.bytes, { mode: 0o644 });
  await createRepository(request, place.repository, program.searchPath);
  const config = renderMockConfig({
    stockFile: stock.file,
    root: place.name,
    isolation: isolation.kind,
    devel: kernel.develNevra,
    kernelRepository: place.repository,
    packages: target.packages,
    repositories: target.repositories,
    keys: keys.map(({ file }) => join(place.repository, file)),
    limits,
  });
  await writeConfig(place.config, config);
}

async function createRepository(
  { target, kernel }: MockPrepareRequest,
  directory: string,
  searchPath: string,
): Promise<void> {
  const env = { PATH: searchPath, LC_ALL: 'C' };
  const options = { timeout: CREATEREPO_TIMEOUT_MS, env };
  try {
    await run('createrepo_c', ['--quiet', '--no-database', directory], options);
  } catch (error) {
    const lastLines = [error instanceof Error ? error.message : String(error)];
    const place = { target: target.name, release: kernel.release };
    const failureClass = 'transient';
    const found = 'a failure of createrepo_c';
    throw new PrepareFailedError({ ...place, failureClass, found, exitCode: -1, lastLines });
  }
}

/** An unchanged file keeps its time: mock throws a cache away that is older than its configuration. */
async function writeConfig(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  await writeFile(`${path}.new`, text);
  await chmod(`${path}.new`, 0o644);
  await rename(`${path}.new`, path);
}

function requireSuccess(result: SessionResult, request: MockPrepareRequest): void {
  const { verdict } = result;
  if (verdict.kind === 'succeeded') return;
  const isTrouble = verdict.kind === 'trouble';
  const found = isTrouble ? verdict.found : verdict.why;
  const failureClass = isTrouble ? verdict.failureClass : 'configuration';
  throw describeFailure(request, { found, failureClass, result });
}

function describeFailure(
  { target, kernel }: MockPrepareRequest,
  failure: {
    readonly found: string;
    readonly failureClass: FailureClass;
    readonly result: SessionResult;
  },
): PrepareFailedError {
  const { found, failureClass, result } = failure;
  return new PrepareFailedError({
    failureClass,
    target: target.name,
    release: kernel.release,
    found,
    exitCode: result.exitCode ?? -1,
    lastLines: result.lines.slice(-SHOWN_LINES),
  });
}

/** Writes a value as a shell's word; a kernel's name holds no quotes, but who knows. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
