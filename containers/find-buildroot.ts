import type { Sha256Hex } from '../model/store.ts';
import type { Buildroot, Labels, PrepareRequest, RunControl } from './backend.ts';
import { digestBareBuildroot, digestBuildroot } from './buildroot-digest.ts';
import { readToolchainLabel } from './buildroot-facts.ts';
import type { ContainerEngine, EngineImage } from './engine.ts';
import { installRequirements } from './install-requirements.ts';
import { DIGEST_LABEL, TOOLCHAIN_LABEL, UNSATISFIED_LABEL } from './labels.ts';
import { BUILDROOT_REPOSITORY, type PrepareJob, runPrepareStage } from './prepare-buildroot.ts';
import { type ReadSpec, readSpecs } from './prepare-inputs.ts';
import { requireImage } from './require-image.ts';
import type { SharePreparation } from './share-preparations.ts';
import { readTargetKeys } from './target-keys.ts';

/** What preparations work with. */
export interface PreparationDeps {
  readonly engine: ContainerEngine;
  /** The time in milliseconds since 1970, as `Date.now`. */
  readonly now: () => number;
  /** For dnf in preparations, e.g. `{http_proxy: '…'}`. */
  readonly prepareEnvironment?: Readonly<Record<string, string>>;
  readonly share: SharePreparation;
  /** Told of the buildroot without what specs require, which the others are made from. */
  readonly onUse?: (buildroot: Buildroot, labels: Labels) => Promise<void>;
}

/**
 * How long a buildroot is used again in which some spec's `BuildRequires` could not be had. The
 * package may come to the mirror, so it is tried again from time to time, but not for every cell.
 */
const INCOMPLETE_REUSE_MS = 15 * 60_000;

/** Makes buildroots, or finds those that are there. @see BuildBackend.prepare */
export function openPreparation(
  deps: PreparationDeps,
): (request: PrepareRequest, run: RunControl) => Promise<Buildroot> {
  const { engine, share } = deps;

  async function prepare({ target, ...rest }: PrepareRequest, run: RunControl): Promise<Buildroot> {
    if (target.backend !== 'container') throw new Error('BUG: a target of another backend');
    const request = { ...rest, target };
    const image = await requireImage(engine, target, run);
    const report = (sentence: string): void => run.onLog(Buffer.from(`rekmod: ${sentence}\n`));
    const specs = await readSpecs(request.specs, report);
    const keys = await readTargetKeys(target);
    const digest = digestBuildroot(request, image.id, { specs, keys });
    const environment = deps.prepareEnvironment ?? {};
    const job = { request, digest, keys, environment };
    const buildroot = await share(digest, run, () =>
      findOrMakeImage(job, run, () => make(job, { imageId: image.id, specs }, run)),
    );
    return { ...buildroot, image: { name: target.image, id: image.id } };
  }

  /** What specs require is installed into a buildroot without any, since it takes one to read them. */
  async function make(
    job: PrepareJob,
    { imageId, specs }: { readonly imageId: string; readonly specs: readonly ReadSpec[] },
    run: RunControl,
  ): Promise<MadeImage> {
    const stage = { imageId, args: job.request.target.packages, unreadCount: 0 };
    if (specs.length === 0) return await runPrepareStage(engine, job, stage, run);
    const digest = digestBareBuildroot(job.request, imageId, job.keys);
    const bareJob = { ...job, digest };
    const bare = await share(digest, run, () =>
      findOrMakeImage(bareJob, run, () => runPrepareStage(engine, bareJob, stage, run)),
    );
    await deps.onUse?.(bare, job.request.labels);
    return await installRequirements(engine, job, { imageId: bare.id, specs }, run);
  }

  async function findOrMakeImage(
    { digest }: PrepareJob,
    run: RunControl,
    makeImage: () => Promise<MadeImage>,
  ): Promise<Buildroot> {
    run.signal.throwIfAborted();
    const found = await engine.findImage(`${BUILDROOT_REPOSITORY}:${digest.slice(0, 16)}`);
    if (found !== undefined && isUsable(found, digest, deps.now())) {
      const toolchain = readToolchainLabel(found.labels[TOOLCHAIN_LABEL]);
      return { id: found.id, digest, isReused: true, ...(toolchain && { toolchain }) };
    }
    return { ...(await makeImage()), digest, isReused: false };
  }

  return prepare;
}

type MadeImage = Pick<Buildroot, 'id' | 'toolchain'>;

function isUsable({ labels, createdAtMs }: EngineImage, digest: Sha256Hex, now: number): boolean {
  if (labels[DIGEST_LABEL] !== digest) return false;
  return labels[UNSATISFIED_LABEL] === '0' || now - createdAtMs < INCOMPLETE_REUSE_MS;
}
