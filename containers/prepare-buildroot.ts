import { fileURLToPath } from 'node:url';
import { PrepareFailedError } from '../model/engine-errors.ts';
import type { FailureClass } from '../model/errors.ts';
import type { ContainerTarget } from '../model/settings.ts';
import type { Sha256Hex } from '../model/store.ts';
import type { Buildroot, PrepareRequest, RunControl } from './backend.ts';
import { DESCRIBE_SCRIPT, parseBuildrootFacts, writeToolchainLabel } from './buildroot-facts.ts';
import { type CappedLog, capLog } from './capped-log.ts';
import type {
  ContainerEngine,
  ContainerExit,
  ContainerRequest,
  ImageCommit,
  ReadOnlyMount,
} from './engine.ts';
import { isInterrupted } from './is-interrupted.ts';
import {
  CONTAINER_LABEL,
  DIGEST_LABEL,
  prefixLabels,
  RELEASE_LABEL,
  TARGET_LABEL,
  TOOLCHAIN_LABEL,
  toLabelValue,
  UNSATISFIED_LABEL,
} from './labels.ts';
import { mountRepositories } from './prepare-inputs.ts';
import type { TargetKey } from './target-keys.ts';
import { isTransient, TRANSIENT_PHRASES } from './transient-phrases.ts';

/** Name of every buildroot image; the tag is the begin of the digest. */
export const BUILDROOT_REPOSITORY = 'rekmod/buildroot';

const SCRIPT = fileURLToPath(new URL('./scripts/prepare-buildroot.sh', import.meta.url));
const SCRIPT_TARGET = '/rekmod/prepare-buildroot.sh';
const ASSERTION = fileURLToPath(new URL('./scripts/assert-one-kernel.sh', import.meta.url));
const ASSERTION_TARGET = '/rekmod/assert-one-kernel.sh';
const DESCRIBE_TARGET = '/rekmod/describe-buildroot.sh';
const REQUIRES_TARGET = '/rekmod/requires';
const KERNEL_TARGET = '/rekmod/kernel-devel.rpm';
/** What rpm needs as root to own, protect and link files, and to run scriptlets. */
export const RPM_CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'SETFCAP',
  'SETGID',
  'SETUID',
  'SYS_CHROOT',
];
/** dnf with a large distribution's metadata needs this much, whatever a build needs. */
const LEAST_MEMORY_BYTES = 2 * 1024 ** 3;
const LEAST_PIDS = 256;
const SCRATCH_BYTES = 512 * 1024 ** 2;
const ANSWER_BYTES = 64 * 1024;
const SHOWN_LINES = 8;
/** The script's exit code for troubles of dnf that pass. */
const TRANSIENT_EXIT = 75;

/** A request for a target of this backend. */
export type ContainerPrepareRequest = PrepareRequest & { readonly target: ContainerTarget };

/** A buildroot to make. */
export interface PrepareJob {
  readonly request: ContainerPrepareRequest;
  readonly digest: Sha256Hex;
  /** Of the target's repositories. */
  readonly keys: readonly TargetKey[];
  /** For dnf, e.g. `http_proxy`. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What goes into an image, and of what the new one is made. */
export interface PrepareStage {
  /** Of the target's image, or of a buildroot. */
  readonly imageId: string;
  /** Packages that dnf installs besides kernel-devel, or what {@link requires} are of. */
  readonly args: readonly string[];
  /** Holds requirements of specs, a file each: what is to be installed into a buildroot that is there. */
  readonly requires?: string;
  /** Specs that are told to lack something, whatever dnf finds. */
  readonly unreadCount: number;
}

/**
 * Runs a stage of the preparation in a container and makes an image of it.
 *
 * @returns The image's id, and what its compilers are.
 * @throws {PrepareFailedError} If dnf could not install what is asked for.
 */
export async function runPrepareStage(
  engine: ContainerEngine,
  job: PrepareJob,
  stage: PrepareStage,
  run: RunControl,
): Promise<Pick<Buildroot, 'id' | 'toolchain'>> {
  const { target, limits } = job.request;
  const log = capLog(run.onLog, limits.logBytes);
  await using repositories = await mountRepositories(target.repositories, job.keys);
  const answer: Uint8Array[] = [];
  const exit = await engine.run(describeStage(job, stage, repositories.mounts), {
    onStdout: (chunk) => void answer.push(chunk),
    onStderr: (chunk) => log.write(chunk),
    signal: run.signal,
    commitTo: ({ exitCode }) => (exitCode === 0 ? describeImage(job, stage, answer) : undefined),
  });
  log.finish();
  if (exit.imageId === undefined) throw describeFailure(exit, job.request, log);
  return { id: exit.imageId, toolchain: parseBuildrootFacts(textOf(answer)).toolchain };
}

function describeStage(
  { request, environment }: PrepareJob,
  { imageId, args, requires }: PrepareStage,
  repositories: readonly ReadOnlyMount[],
): ContainerRequest {
  const { target, kernel, limits, labels } = request;
  const isOffline = target.prepareNetwork === 'none' && repositories.length === 0;
  return {
    image: imageId,
    command: ['/bin/bash', SCRIPT_TARGET, ...args],
    environment: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      ...environment,
      REKMOD_RELEASE: kernel.release,
      REKMOD_OFFLINE: isOffline ? 'yes' : 'no',
      REKMOD_TRANSIENT: TRANSIENT_PHRASES.join('\n'),
    },
    workingDirectory: '/',
    user: '0:0',
    network: target.prepareNetwork,
    capabilities: RPM_CAPABILITIES,
    isRootReadOnly: false,
    mounts: [
      { source: SCRIPT, target: SCRIPT_TARGET },
      { source: ASSERTION, target: ASSERTION_TARGET },
      { source: DESCRIBE_SCRIPT, target: DESCRIBE_TARGET },
      { source: kernel.develRpm, target: KERNEL_TARGET },
      ...(requires === undefined ? [] : [{ source: requires, target: REQUIRES_TARGET }]),
      ...repositories,
    ],
    scratch: [{ target: '/tmp', sizeBytes: SCRATCH_BYTES }],
    memoryBytes: Math.max(limits.memoryBytes, LEAST_MEMORY_BYTES),
    cpus: limits.cpus,
    pids: Math.max(limits.pids, LEAST_PIDS),
    labels: { ...prefixLabels(labels), [CONTAINER_LABEL]: 'prepare' },
    stdoutLimitBytes: ANSWER_BYTES,
    stderrLimitBytes: Number.MAX_SAFE_INTEGER,
    timeoutMs: limits.prepareTimeoutMs,
  };
}

function describeImage(
  job: PrepareJob,
  { unreadCount }: PrepareStage,
  answer: readonly Uint8Array[],
): ImageCommit {
  const lines = textOf(answer).split('\n');
  const { toolchain } = parseBuildrootFacts(textOf(answer));
  const unsatisfied = lines.filter((line) => line.startsWith('unsatisfied ')).length;
  return {
    repository: BUILDROOT_REPOSITORY,
    tag: job.digest.slice(0, 16),
    labels: {
      [DIGEST_LABEL]: job.digest,
      [UNSATISFIED_LABEL]: String(unreadCount + unsatisfied),
      [TOOLCHAIN_LABEL]: writeToolchainLabel(toolchain),
      [TARGET_LABEL]: toLabelValue(job.request.target.name),
      [RELEASE_LABEL]: toLabelValue(job.request.kernel.release),
    },
  };
}

function textOf(answer: readonly Uint8Array[]): string {
  return Buffer.concat(answer).toString();
}

function describeFailure(
  exit: ContainerExit,
  { target, kernel, limits }: PrepareRequest,
  log: CappedLog,
): PrepareFailedError {
  const lastLines = log.lastLines(SHOWN_LINES);
  return new PrepareFailedError({
    failureClass: classifyFailure(exit, log.lastLines(Number.MAX_SAFE_INTEGER)),
    target: target.name,
    release: kernel.release,
    found: describeExit(exit, limits.prepareTimeoutMs),
    exitCode: exit.exitCode,
    lastLines,
  });
}

function describeExit(exit: ContainerExit, timeoutMs: number): string {
  if (exit.isTimedOut) return `a time-out after ${timeoutMs / 1000} s`;
  return exit.isOutOfMemory ? 'too little memory' : `exit code ${exit.exitCode}`;
}

/**
 * Tells troubles that pass from those that a person must end. dnf has one exit code for both, so its
 * words decide.
 */
function classifyFailure(exit: ContainerExit, lines: readonly string[]): FailureClass {
  if (exit.isTimedOut || exit.exitCode === TRANSIENT_EXIT || isInterrupted(exit)) {
    return 'transient';
  }
  return lines.some(isTransient) ? 'transient' : 'configuration';
}
