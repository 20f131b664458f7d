import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Labels } from '../backend.ts';
import type { CappedLog } from '../capped-log.ts';
import type { Isolation } from './choose-isolation.ts';
import type { MockProgram } from './find-mock.ts';
import { followFile } from './follow-file.ts';
import { judgeMockRun, type MockAction, type MockVerdict } from './judge-run.ts';
import { readStartTime } from './process-group.ts';
import { readLogTail, toPlainLines } from './read-results.ts';
import { type MockEnd, runMock } from './run-mock.ts';
import type { RunRecord, Runs } from './runs.ts';

/** Isolation that can be had. */
export type UsableIsolation = Exclude<Isolation, { kind: 'unusable' }>;

/** What a session works with. */
export interface SessionOptions {
  readonly program: MockProgram;
  readonly runs: Runs;
  /** Path of the configuration that rekmod wrote. */
  readonly config: string;
  readonly isolation: UsableIsolation;
  readonly labels: Labels;
  readonly log: CappedLog;
  readonly signal: AbortSignal;
}

/** What is asked of mock. */
export interface SessionCall {
  readonly action: MockAction;
  /** Options and arguments beyond those that every call has. */
  readonly args: readonly string[];
  readonly timeoutMs: number;
  /** Whether neither mock nor what it starts may reach a network. */
  readonly isOffline: boolean;
}

/** What came of it. */
export interface SessionResult {
  readonly verdict: MockVerdict;
  readonly exitCode: number | undefined;
  /** The begin of mock's standard output. */
  readonly stdout: string;
  /** Holds the logs and packages of this call alone. */
  readonly results: string;
  /** The end of mock's output and of its root.log. */
  readonly lines: readonly string[];
}

/** Calls of mock on one root of their own, which is gone with the session. */
export interface MockSession {
  /** Readable for everyone, removed with the session. */
  readonly directory: string;
  call(call: SessionCall): Promise<SessionResult>;
  /** Removes the root if a call left it behind, and everything else of the session. */
  close(): Promise<void>;
}

const CLEAN_TIMEOUT_MS = 5 * 60_000;
const SHOWN_LINES = 40;
const KEPT_LINES = 400;

/** Opens a session; its record lets another process end it, should this one be killed. */
export async function openSession(options: SessionOptions): Promise<MockSession> {
  const { program, runs, config, labels, log } = options;
  const id = `rekmod-${randomBytes(8).toString('hex')}`;
  const record: RunRecord = { id, labels, config };
  const directory = await runs.create(record);
  let callCount = 0;
  let hasRoot = false;

  async function call(asked: SessionCall): Promise<SessionResult> {
    callCount += 1;
    const results = join(directory, `${callCount}-${asked.action}`);
    await makeResultDirectory(results, program);
    log.note(`mock --${asked.action}`);
    hasRoot = true;
    const output: string[] = [];
    const flooded = new AbortController();
    const write = (chunk: Uint8Array): void => {
      log.write(chunk);
      endFlood(log, flooded);
    };
    const followed = isBuild(asked) ? followFile(join(results, 'build.log'), write) : undefined;
    let end: MockEnd;
    try {
      end = await runMock(describeCall(options, { ...asked, id, results }), {
        onOutput: keepLines(output),
        onStart: async (pid) => await noteLeader(runs, record, pid),
        signal: AbortSignal.any([options.signal, flooded.signal]),
      });
    } finally {
      await followed?.finish();
      await runs.update(record);
    }
    const rootLines = toPlainLines(await readLogTail(results, 'root.log'));
    const lines = [...toPlainLines(output.join('')), ...rootLines];
    const stateLog = await readLogTail(results, 'state.log');
    const verdict = judgeMockRun({ ...end, action: asked.action, stateLog, lines });
    // mock itself removes the root after a rebuild, whatever came of it, unless it was ended.
    if (asked.action === 'rebuild' && end.exitCode !== undefined && !end.isTimedOut)
      hasRoot = false;
    showLines(log, verdict, lines);
    return { verdict, exitCode: end.exitCode, stdout: end.stdout, results, lines };
  }

  return {
    directory,
    call,
    async close() {
      if (hasRoot && !(await cleanRoot(program, { id, config }))) {
        log.note('the root could not be removed; it is tried again later');
        return;
      }
      await runs.remove(id);
    },
  };
}

/**
 * Removes a root and ends whoever is still at work in it.
 *
 * @returns Whether mock did so.
 */
export async function cleanRoot(
  program: MockProgram,
  { id, config }: Pick<RunRecord, 'id' | 'config'>,
  action: '--clean' | '--scrub=all' = '--clean',
): Promise<boolean> {
  const call = {
    wrapper: [],
    program: program.path,
    args: [...describeRoot(program, { id, config }), action],
    environment: describeEnvironment(program),
    timeoutMs: CLEAN_TIMEOUT_MS,
  };
  const control = {
    onOutput: () => undefined,
    onStart: async () => undefined,
    // Whoever is cancelled still removes what it made.
    signal: new AbortController().signal,
  };
  const end = await runMock(call, control).catch(() => undefined);
  return end?.exitCode === 0;
}

function describeCall(
  { program, isolation, config }: SessionOptions,
  call: SessionCall & { readonly id: string; readonly results: string },
): Parameters<typeof runMock>[0] {
  return {
    wrapper: call.isOffline ? isolation.offlineWrapper : [],
    program: program.path,
    args: [
      ...describeRoot(program, { id: call.id, config }),
      `--resultdir=${call.results}`,
      // The user's own ~/.config/mock.cfg is read after ours, the command line after both.
      `--isolation=${isolation.kind}`,
      '--config-opts=rpmbuild_networking=False',
      '--enable-plugin=buildroot_lock',
      ...call.args,
    ],
    environment: describeEnvironment(program),
    timeoutMs: call.timeoutMs,
  };
}

function describeRoot(
  program: MockProgram,
  { id, config }: { readonly id: string; readonly config: string },
): readonly string[] {
  return ['--configdir', program.configDirectory, '-r', config, '--uniqueext', id];
}

function describeEnvironment(program: MockProgram): Readonly<Record<string, string>> {
  return { PATH: program.searchPath, HOME: '/', LC_ALL: 'C.UTF-8', ...program.account.environment };
}

/** mock writes there as the unprivileged user. */
async function makeResultDirectory(path: string, { account }: MockProgram): Promise<void> {
  await mkdir(path);
  await chmod(path, 0o755);
  if (account.environment.SUDO_UID !== undefined) await chown(path, account.uid, account.gid);
}

async function noteLeader(runs: Runs, record: RunRecord, pid: number): Promise<void> {
  const startTime = await readStartTime(pid);
  if (startTime !== undefined) await runs.update({ ...record, leader: { pid, startTime } });
}

/** mock writes its log to the disk, whether it is read or not. */
function endFlood(log: CappedLog, flooded: AbortController): void {
  try {
    log.requireEnd();
  } catch (error) {
    flooded.abort(error);
  }
}

function isBuild({ action }: SessionCall): boolean {
  return action === 'buildsrpm' || action === 'rebuild';
}

/** Keeps the end of what mock prints, in pieces of about a line. */
function keepLines(kept: string[]): (chunk: Uint8Array) => void {
  return (chunk) => {
    kept.push(Buffer.from(chunk).toString());
    if (kept.length > KEPT_LINES) kept.splice(0, kept.length - KEPT_LINES);
  };
}

/** What mock says itself is of interest only when it did not come to the build. */
function showLines(log: CappedLog, verdict: MockVerdict, lines: readonly string[]): void {
  if (verdict.kind === 'succeeded') return;
  const text = lines.slice(-SHOWN_LINES).join('\n');
  if (text !== '') log.write(Buffer.from(`${text}\n`));
}
