import { fileURLToPath } from 'node:url';
import { BuildrootMissingError } from '../model/engine-errors.ts';
import type { BuildRequest, BuildResult, RunControl } from './backend.ts';
import { type CappedLog, capLog } from './capped-log.ts';
import type { ContainerEngine, ContainerExit, ContainerRequest } from './engine.ts';
import { isInterrupted } from './is-interrupted.ts';
import { CONTAINER_LABEL, prefixLabels } from './labels.ts';
import { type RpmReceiver, receiveRpms } from './receive-rpms.ts';
import { requireReadable } from './require-readable.ts';
import { describeRefusal, OutputRefusedError } from './rpm-output.ts';
import { sealContainer } from './sealed-container.ts';

const SCRIPT = fileURLToPath(new URL('./scripts/build-package.sh', import.meta.url));
const SCRIPT_TARGET = '/rekmod/build-package.sh';
/** The script's exit code for want of memory, since Podman with cgroup v1 does not say. */
const OUT_OF_MEMORY_EXIT = 113;
/** The script's exit code when nothing more could be written. */
const SCRATCH_FULL_EXIT = 114;
/** A compiler removes what it could not write, so the end of the log is asked as well. */
const LAST_LINES = 40;
/** As in mock. No image has it: runc would give the scratch directory that one's mode. */
const BUILD_DIRECTORY = '/builddir';

/**
 * Builds one spec in a container without network, capabilities or writable files but its own memory.
 *
 * @see BuildBackend.build
 * @throws {BuildrootMissingError} If the buildroot's image is gone.
 * @throws {InputUnreadableError} If the build's user could not read the spec or a source.
 */
export async function buildPackage(
  engine: ContainerEngine,
  request: BuildRequest,
  run: RunControl,
): Promise<BuildResult> {
  await requireReadable(request.directory);
  const image = await engine.findImage(request.buildroot.id);
  if (image === undefined) throw new BuildrootMissingError(request.buildroot.id);
  const log = capLog(run.onLog, request.limits.logBytes);
  const receiver = receiveRpms(request.outputDirectory, request.limits.outputBytes);
  let result: BuildResult | undefined;
  try {
    const exit = await engine.run(describeBuild(request, image.id, engine.info.cpuCount), {
      onStdout: (chunk) => receiver.write(chunk),
      onStderr: (chunk) => {
        log.write(chunk);
        log.requireEnd();
      },
      signal: run.signal,
    });
    log.finish();
    result = await judgeExit(exit, receiver, log, request);
  } catch (error) {
    log.finish();
    if (!(error instanceof OutputRefusedError)) throw error;
    log.note(describeRefusal(error));
    result = { kind: 'failed', why: error.why };
  } finally {
    if (result?.kind !== 'succeeded') await receiver.discard();
  }
  return result;
}

async function judgeExit(
  exit: ContainerExit,
  receiver: RpmReceiver,
  log: CappedLog,
  { limits }: BuildRequest,
): Promise<BuildResult> {
  const { exitCode } = exit;
  if (exit.isTimedOut) {
    log.note(`the build was stopped: it took longer than ${limits.buildTimeoutMs / 1000} s`);
    return { kind: 'failed', why: 'timeout', exitCode };
  }
  if (exitCode === 0) return { kind: 'succeeded', files: await receiver.finish() };
  if (exit.isOutOfMemory || exitCode === OUT_OF_MEMORY_EXIT) {
    log.note(`the build ran out of memory: its limit is ${limits.memoryBytes} bytes`);
    return { kind: 'failed', why: 'out-of-memory', exitCode };
  }
  if (exitCode === SCRATCH_FULL_EXIT || log.lastLines(LAST_LINES).some(saysFull)) {
    log.note(`the build filled its file system: its limit is ${limits.scratchBytes} bytes`);
    return { kind: 'failed', why: 'scratch-full', exitCode };
  }
  if (isInterrupted(exit)) {
    log.note(`the build was ended by a signal from outside (exit code ${exitCode})`);
    return { kind: 'failed', why: 'interrupted', exitCode };
  }
  return { kind: 'failed', why: 'exit', exitCode };
}

function saysFull(line: string): boolean {
  return line.includes('No space left on device');
}

function describeBuild(
  { directory, spec, defines, limits, labels }: BuildRequest,
  image: string,
  cpuCount: number,
): ContainerRequest {
  return {
    image,
    command: [
      '/bin/bash',
      SCRIPT_TARGET,
      ...Object.entries(defines).map(([name, value]) => `${name} ${value}`),
    ],
    environment: {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      REKMOD_SPEC: spec,
      RPM_BUILD_NCPUS: String(Math.max(1, Math.ceil(Math.min(limits.cpus, cpuCount)))),
    },
    workingDirectory: BUILD_DIRECTORY,
    ...sealContainer(limits),
    mounts: [
      { source: SCRIPT, target: SCRIPT_TARGET },
      { source: directory, target: '/rekmod/input' },
    ],
    scratch: [
      { target: BUILD_DIRECTORY, sizeBytes: limits.scratchBytes },
      { target: '/tmp', sizeBytes: limits.scratchBytes },
    ],
    labels: { ...prefixLabels(labels), [CONTAINER_LABEL]: 'build' },
    // Both are limited by their readers, which know what to do about it.
    stdoutLimitBytes: Number.MAX_SAFE_INTEGER,
    stderrLimitBytes: Number.MAX_SAFE_INTEGER,
    timeoutMs: limits.buildTimeoutMs,
  };
}
