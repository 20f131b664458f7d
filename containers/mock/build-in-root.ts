import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildFailure } from '../../model/cell.ts';
import { BuildrootMissingError } from '../../model/engine-errors.ts';
import { MockTroubleError } from '../../model/mock-errors.ts';
import type { BuildRequest, BuildResult, RunControl } from '../backend.ts';
import { type CappedLog, capLog } from '../capped-log.ts';
import { requireReadable } from '../require-readable.ts';
import { describeRefusal, OutputRefusedError } from '../rpm-output.ts';
import { chooseIsolation } from './choose-isolation.ts';
import { collectRpms } from './collect-rpms.ts';
import type { MockProgram } from './find-mock.ts';
import { readLockedPackages } from './read-results.ts';
import { findRoot, type PreparedRoot, readPrepared } from './root-store.ts';
import type { Runs } from './runs.ts';
import { type MockSession, openSession, type SessionCall, type SessionResult } from './session.ts';

/** What a build works with. */
export interface BuildContext {
  readonly program: MockProgram;
  readonly runs: Runs;
  readonly rootsDirectory: string;
  /** Milliseconds of a clock that never jumps, as `performance.now`. */
  readonly now: () => number;
}

/** Unpacking the root and installing `BuildRequires` have this much time beyond the build's own. */
const SETUP_MS = 10 * 60_000;
const SHOWN_LINES = 8;

/** A build under way. */
interface Build {
  readonly request: BuildRequest;
  readonly root: PreparedRoot;
  readonly session: MockSession;
  readonly log: CappedLog;
  /** Asks mock, within the build's time; its arguments come after those that all calls have. */
  ask(call: Omit<SessionCall, 'timeoutMs'>): Promise<SessionResult>;
}

/** Thrown through the steps when the kmod cannot be built. */
class BuildFailedSignal extends Error {
  readonly why: BuildFailure;
  readonly exitCode: number | undefined;

  constructor(why: BuildFailure, exitCode: number | undefined) {
    super(why);
    this.why = why;
    this.exitCode = exitCode;
  }
}

/**
 * Builds one spec in a root of its own: the source RPM first, since no program of the spec may run
 * outside of a root, then the binary ones of it.
 *
 * @see BuildBackend.build
 * @throws {BuildrootMissingError} If the buildroot was not prepared here, or was taken away.
 * @throws {InputUnreadableError} If the build's user could not read the spec or a source.
 * @throws {MockTroubleError} If mock failed, and not the build.
 */
export async function buildInRoot(
  context: BuildContext,
  request: BuildRequest,
  control: RunControl,
): Promise<BuildResult> {
  const place = findRoot(context.rootsDirectory, request.buildroot.id);
  const root = place && (await readPrepared(place));
  if (place === undefined || root === undefined) {
    throw new BuildrootMissingError(request.buildroot.id);
  }
  await requireReadable(request.directory);
  const isolation = chooseIsolation(root.isolation, context.program.isolation);
  // The machine lost what it could do when the root was prepared.
  if (isolation.kind === 'unusable') throw new BuildrootMissingError(request.buildroot.id);
  const log = capLog(control.onLog, request.limits.logBytes);
  const session = await openSession({
    ...context,
    config: place.config,
    isolation,
    labels: request.labels,
    log,
    signal: control.signal,
  });
  const deadline = context.now() + request.limits.buildTimeoutMs + SETUP_MS;
  try {
    const ask = async (call: Omit<SessionCall, 'timeoutMs'>): Promise<SessionResult> => {
      const timeoutMs = Math.max(1, deadline - context.now());
      return requireSuccess(await session.call({ ...call, timeoutMs }), call.action, log);
    };
    return await walk({ request, root, session, log, ask }, isolation.kind);
  } catch (error) {
    log.finish();
    return describeEnd(error, request, log);
  } finally {
    await session.close();
    log.finish();
  }
}

/** The steps of a build. */
async function walk(build: Build, isolation: PreparedRoot['isolation']): Promise<BuildResult> {
  const { request, ask } = build;
  const common = describeBuild(request);
  const sources = ['--spec', join(request.directory, request.spec), '--sources', request.directory];
  // nspawn takes the network from rpmbuild alone; else dnf must have had its turn before it is gone.
  const isSimple = isolation === 'simple';
  if (isSimple) await ask({ action: 'init', args: ['--init'], isOffline: false });
  const made = await ask({
    action: 'buildsrpm',
    args: [
      ...common,
      ...(isSimple ? ['--no-clean'] : []),
      ...['--no-cleanup-after', '--buildsrpm', ...sources],
    ],
    isOffline: true,
  });
  const srpm = await findSrpm(made.results);
  if (isSimple) {
    const args = [...common, '--no-clean', '--no-cleanup-after', '--installdeps', srpm];
    await ask({ action: 'installdeps', args, isOffline: false });
  }
  const rebuilt = await ask({
    action: 'rebuild',
    args: [...common, '--no-clean', ...(isSimple ? ['--offline'] : []), '--rebuild', srpm],
    isOffline: true,
  });
  await requireOneKernel(build, rebuilt);
  const { outputDirectory, limits } = request;
  const files = await collectRpms(rebuilt.results, outputDirectory, limits.outputBytes);
  return { kind: 'succeeded', files };
}

/** Options that every call of a build has. */
function describeBuild({ limits, defines, staging }: BuildRequest): string[] {
  const macros = { _smp_build_ncpus: String(Math.max(1, Math.ceil(limits.cpus))), ...defines };
  return [
    `--rpmbuild_timeout=${Math.ceil(limits.buildTimeoutMs / 1000)}`,
    ...Object.entries(macros).map(([name, value]) => `--define=${name} ${value}`),
    ...(staging ? [`--addrepo=${pathToFileURL(staging.directory)}`] : []),
  ];
}

async function findSrpm(results: string): Promise<string> {
  const names = (await readdir(results)).filter((name) => name.endsWith('.src.rpm'));
  const [name] = names;
  if (name !== undefined && names.length === 1) return join(results, name);
  throw new MockTroubleError({
    failureClass: 'transient',
    action: '--buildsrpm',
    found: `${names.length} source RPMs`,
    lastLines: [],
  });
}

/** Builds for another kernel than the one that was asked for are worse than none. */
async function requireOneKernel({ root }: Build, { results }: SessionResult): Promise<void> {
  const { name, version, release } = root.devel;
  const held = await readLockedPackages(results, name);
  const [only] = held ?? [];
  if (held?.length === 1 && only?.version === version && only.release === release) return;
  const shown = held?.map((found) => `${name}-${found.version}-${found.release}`).join(', ');
  throw new MockTroubleError({
    failureClass: 'configuration',
    action: '--rebuild',
    found: `a root with ${shown ?? 'unknown packages'} instead of ${name}-${version}-${release} alone`,
    lastLines: [],
  });
}

function requireSuccess(
  result: SessionResult,
  action: SessionCall['action'],
  log: CappedLog,
): SessionResult {
  const { verdict, exitCode, lines } = result;
  if (verdict.kind === 'succeeded') return result;
  if (verdict.kind === 'failed') throw new BuildFailedSignal(verdict.why, exitCode);
  log.note(`mock itself failed: ${verdict.found}`);
  throw new MockTroubleError({
    failureClass: verdict.failureClass,
    action: `--${action}`,
    found: verdict.found,
    ...(exitCode === undefined ? {} : { exitCode }),
    lastLines: lines.slice(-SHOWN_LINES),
  });
}

function describeEnd(error: unknown, { limits }: BuildRequest, log: CappedLog): BuildResult {
  if (error instanceof OutputRefusedError) {
    log.note(describeRefusal(error));
    return { kind: 'failed', why: error.why };
  }
  if (!(error instanceof BuildFailedSignal)) throw error;
  const { why, exitCode } = error;
  if (why === 'timeout') {
    log.note(`the build was stopped: it took longer than ${limits.buildTimeoutMs / 1000} s`);
  }
  if (why === 'out-of-memory') log.note('the build was killed, as is done for want of memory');
  return { kind: 'failed', why, ...(exitCode === undefined ? {} : { exitCode }) };
}
