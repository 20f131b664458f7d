import { RekmodError } from '../model/errors.ts';
import type { Sha256Hex } from '../model/store.ts';
import type { BuildBackend, Buildroot, Labels, PrepareRequest, RunControl } from './backend.ts';
import { buildPackage } from './build-package.ts';
import { digestBuildroot } from './buildroot-digest.ts';
import type { ContainerEngine, EngineImage } from './engine.ts';
import { CONTAINER_LABEL, DIGEST_LABEL, prefixLabels, UNSATISFIED_LABEL } from './labels.ts';
import { BUILDROOT_REPOSITORY, type PrepareJob, prepareBuildroot } from './prepare-buildroot.ts';
import { readSpecs } from './prepare-inputs.ts';
import { requireImage } from './require-image.ts';

/** What the backend works with. */
export interface ContainerBackendDeps {
  readonly engine: ContainerEngine;
  /** The time in milliseconds since 1970, as `Date.now`. */
  readonly now: () => number;
  /** For dnf in preparations, e.g. `{http_proxy: '…'}`. */
  readonly prepareEnvironment?: Readonly<Record<string, string>>;
}

/**
 * How long a buildroot is used again in which some spec's `BuildRequires` could not be had. The
 * package may come to the mirror, so it is tried again from time to time, but not for every cell.
 */
const INCOMPLETE_REUSE_MS = 15 * 60_000;

/** Builds in containers; a buildroot is an image `rekmod/buildroot:<digest>`. */
export function createContainerBackend(deps: ContainerBackendDeps): BuildBackend {
  const { engine } = deps;
  const running = new Map<Sha256Hex, Promise<string>>();

  async function prepare(request: PrepareRequest, run: RunControl): Promise<Buildroot> {
    const image = await requireImage(engine, request.target, run);
    const report = (sentence: string): void => run.onLog(Buffer.from(`rekmod: ${sentence}\n`));
    const specs = await readSpecs(request.specs, report);
    const digest = digestBuildroot(request, image.id, specs);
    const environment = deps.prepareEnvironment ?? {};
    return await findOrPrepare({ request, digest, imageId: image.id, specs, environment }, run);
  }

  /** One preparation of a digest at a time: who comes meanwhile waits for it. */
  async function findOrPrepare(job: PrepareJob, run: RunControl): Promise<Buildroot> {
    const { digest } = job;
    for (let other = running.get(digest); other !== undefined; other = running.get(digest)) {
      run.onLog(Buffer.from('rekmod: the same buildroot is being prepared: waiting for it\n'));
      const id = await waitForOther(other, run.signal);
      if (id !== undefined) return { id, digest, isReused: true };
    }
    run.signal.throwIfAborted();
    const own = findOrMakeImage(job, run);
    const ownId = own.then(({ id }) => id);
    ownId.catch(() => undefined);
    running.set(digest, ownId);
    try {
      return await own;
    } finally {
      running.delete(digest);
    }
  }

  async function findOrMakeImage(job: PrepareJob, run: RunControl): Promise<Buildroot> {
    const { digest } = job;
    const found = await engine.findImage(`${BUILDROOT_REPOSITORY}:${digest.slice(0, 16)}`);
    if (found !== undefined && isUsable(found, digest, deps.now())) {
      return { id: found.id, digest, isReused: true };
    }
    return { id: await prepareBuildroot(engine, job, run), digest, isReused: false };
  }

  async function removeLeftovers(labels: Labels): Promise<number> {
    const wanted = prefixLabels(labels);
    let count = 0;
    for (const { id, labels: found } of await engine.list(wanted)) {
      // A person's own container of a buildroot image is none of rekmod's.
      const kind = found[CONTAINER_LABEL];
      const isOurs = kind === 'prepare' || kind === 'build';
      if (isOurs && (await engine.remove(id))) count += 1;
    }
    return count;
  }

  return { prepare, build: (request, run) => buildPackage(engine, request, run), removeLeftovers };
}

function isUsable({ labels, createdAtMs }: EngineImage, digest: Sha256Hex, now: number): boolean {
  if (labels[DIGEST_LABEL] !== digest) return false;
  return labels[UNSATISFIED_LABEL] === '0' || now - createdAtMs < INCOMPLETE_REUSE_MS;
}

/**
 * Waits for another caller's preparation.
 *
 * @returns `undefined` when its caller ended it, which is no reason for this one.
 * @throws {RekmodError} Its own failure, which would be the same here.
 */
async function waitForOther(
  other: Promise<string>,
  signal: AbortSignal,
): Promise<string | undefined> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([other, aborted]);
  } catch (error) {
    if (signal.aborted || error instanceof RekmodError) throw error;
    return undefined;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
