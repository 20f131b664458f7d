import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ContainerInterruptedError, StagingFailedError } from '../model/engine-errors.ts';
import type { Sha256Hex } from '../model/store.ts';
import type { BuildRequest, Buildroot, RunControl, Staging } from './backend.ts';
import { capLog } from './capped-log.ts';
import type { ContainerEngine, ContainerRequest, EngineImage } from './engine.ts';
import { isInterrupted } from './is-interrupted.ts';
import { CONTAINER_LABEL, DIGEST_LABEL, prefixLabels, UNSATISFIED_LABEL } from './labels.ts';
import { BUILDROOT_REPOSITORY, RPM_CAPABILITIES } from './prepare-buildroot.ts';

const SCRIPT = fileURLToPath(new URL('./scripts/install-staging.sh', import.meta.url));
const SCRIPT_TARGET = '/rekmod/install-staging.sh';
const ASSERTION = fileURLToPath(new URL('./scripts/assert-one-kernel.sh', import.meta.url));
const ASSERTION_TARGET = '/rekmod/assert-one-kernel.sh';
const STAGING_TARGET = '/rekmod/staging';
/** Grows when the script does something else. */
const STAGING_VERSION = 1;
const SCRATCH_BYTES = 64 * 1024 ** 2;
const SHOWN_LINES = 8;

/** A buildroot to install packages into. */
export interface StagingJob {
  readonly request: BuildRequest;
  readonly staging: Staging;
  /** The buildroot's image. */
  readonly image: EngineImage;
}

/** Digests a buildroot with packages of a rollout in it: who needs the same ones shares it. */
export function digestStagedBuildroot({ digest }: Buildroot, staging: Staging): Sha256Hex {
  const input = JSON.stringify([STAGING_VERSION, digest, staging.digest]);
  return createHash('sha256').update(input).digest('hex');
}

/**
 * Makes an image of a buildroot with packages of the rollout in it, without network.
 *
 * @returns The image's id.
 * @throws {StagingFailedError} If rpm refuses them, e.g. because two of them hold the same file.
 */
export async function installStaging(
  engine: ContainerEngine,
  job: StagingJob,
  run: RunControl,
): Promise<string> {
  const { request, image, staging } = job;
  const digest = digestStagedBuildroot(request.buildroot, staging);
  const log = capLog(run.onLog, request.limits.logBytes);
  const exit = await engine.run(describeInstallation(job), {
    onStdout: () => undefined,
    onStderr: (chunk) => log.write(chunk),
    signal: run.signal,
    commitTo: ({ exitCode }) =>
      exitCode === 0
        ? {
            repository: BUILDROOT_REPOSITORY,
            tag: digest.slice(0, 16),
            labels: { ...image.labels, [DIGEST_LABEL]: digest, [UNSATISFIED_LABEL]: '0' },
          }
        : undefined,
  });
  log.finish();
  if (exit.imageId !== undefined) return exit.imageId;
  if (isInterrupted(exit)) {
    throw new ContainerInterruptedError('install "packages of this rollout"', exit.exitCode);
  }
  throw new StagingFailedError(exit.exitCode, log.lastLines(SHOWN_LINES));
}

function describeInstallation({ request, staging, image }: StagingJob): ContainerRequest {
  const { limits, labels } = request;
  return {
    image: image.id,
    command: ['/bin/bash', SCRIPT_TARGET],
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', REKMOD_RELEASE: staging.release },
    workingDirectory: '/',
    user: '0:0',
    network: 'none',
    capabilities: RPM_CAPABILITIES,
    isRootReadOnly: false,
    mounts: [
      { source: SCRIPT, target: SCRIPT_TARGET },
      { source: ASSERTION, target: ASSERTION_TARGET },
      { source: staging.directory, target: STAGING_TARGET },
    ],
    scratch: [{ target: '/tmp', sizeBytes: SCRATCH_BYTES }],
    memoryBytes: limits.memoryBytes,
    cpus: limits.cpus,
    pids: limits.pids,
    labels: { ...prefixLabels(labels), [CONTAINER_LABEL]: 'prepare' },
    stdoutLimitBytes: 0,
    stderrLimitBytes: Number.MAX_SAFE_INTEGER,
    timeoutMs: limits.prepareTimeoutMs,
  };
}
