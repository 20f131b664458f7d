import { ContainerInterruptedError } from '../model/engine-errors.ts';
import type { Limits } from '../model/settings.ts';
import type { BuildInput, Labels, RunControl } from './backend.ts';
import type { ContainerEngine, ContainerExit, ContainerRequest } from './engine.ts';
import { isInterrupted } from './is-interrupted.ts';
import { CONTAINER_LABEL, prefixLabels } from './labels.ts';
import { sealContainer } from './sealed-container.ts';

/** Where a spec is to be read, and within which bounds. */
export interface ReadingPlace {
  /** A buildroot with the target's packages, whose macros specs use. */
  readonly imageId: string;
  readonly limits: Limits;
  readonly labels: Labels;
}

/** What a spec requires to be installed, or why that cannot be said. */
export type Requirements =
  | { readonly kind: 'read'; readonly lines: readonly string[] }
  | { readonly kind: 'unreadable'; readonly found: string };

const INPUT_TARGET = '/rekmod/input';
/** Reading a spec takes a second; with a `configure` among its macros, some. */
const READ_TIMEOUT_MS = 60_000;
const READ_MEMORY_BYTES = 512 * 1024 ** 2;
const SCRATCH_BYTES = 64 * 1024 ** 2;
const ANSWER_BYTES = 64 * 1024;
const LINE_COUNT_LIMIT = 1000;
/** Names, versions, files and boolean dependencies are of these. */
const REQUIREMENT = /^[\x20-\x7e]{1,500}$/;

/**
 * Has rpm expand a spec's macros and tell its `BuildRequires`. Macros may run any program, so this is
 * done as sealed off as a build, and for each spec in a container of its own.
 *
 * @returns One requirement a line, as rpm writes it, e.g. `gcc >= 11`.
 * @throws {ContainerInterruptedError} If a signal from outside ended it.
 */
export async function readRequirements(
  engine: ContainerEngine,
  input: BuildInput,
  place: ReadingPlace,
  run: RunControl,
): Promise<Requirements> {
  const answer: Uint8Array[] = [];
  const exit = await engine.run(describeReading(input, place), {
    onStdout: (chunk) => void answer.push(Uint8Array.from(chunk)),
    onStderr: run.onLog,
    signal: run.signal,
  });
  if (isInterrupted(exit))
    throw new ContainerInterruptedError(`read "${input.spec}"`, exit.exitCode);
  const found = describeTrouble(exit);
  if (found !== undefined) return { kind: 'unreadable', found };
  const lines = Buffer.concat(answer)
    .toString('latin1')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length <= LINE_COUNT_LIMIT && lines.every((line) => REQUIREMENT.test(line))) {
    return { kind: 'read', lines };
  }
  return { kind: 'unreadable', found: 'something other than requirements' };
}

function describeReading(
  { directory, spec, defines }: BuildInput,
  { imageId, limits, labels }: ReadingPlace,
): ContainerRequest {
  const definitions = Object.entries(defines).map(([name, value]) => `${name} ${value}`);
  return {
    ...sealContainer(limits),
    image: imageId,
    command: [
      ...['rpmspec', '--query', '--buildrequires'],
      ...[`_sourcedir ${INPUT_TARGET}`, ...definitions].flatMap((one) => ['--define', one]),
      `${INPUT_TARGET}/${spec}`,
    ],
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/tmp', LC_ALL: 'C' },
    workingDirectory: '/',
    mounts: [{ source: directory, target: INPUT_TARGET }],
    scratch: [{ target: '/tmp', sizeBytes: SCRATCH_BYTES }],
    memoryBytes: Math.min(limits.memoryBytes, READ_MEMORY_BYTES),
    labels: { ...prefixLabels(labels), [CONTAINER_LABEL]: 'prepare' },
    stdoutLimitBytes: ANSWER_BYTES,
    stderrLimitBytes: ANSWER_BYTES,
    timeoutMs: Math.min(limits.prepareTimeoutMs, limits.buildTimeoutMs, READ_TIMEOUT_MS),
  };
}

function describeTrouble(exit: ContainerExit): string | undefined {
  if (exit.isTimedOut) return 'a spec that is read without end';
  if (exit.isOutOfMemory) return 'a spec that takes too much memory to be read';
  if (exit.exitCode !== 0) return `exit code ${exit.exitCode}`;
  return exit.stdoutBytes > ANSWER_BYTES ? `more than ${ANSWER_BYTES} bytes` : undefined;
}
