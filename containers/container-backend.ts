import { BuildrootMissingError } from '../model/engine-errors.ts';
import type { Sha256Hex } from '../model/store.ts';
import type {
  BuildBackend,
  BuildRequest,
  BuildResult,
  Buildroot,
  Labels,
  PrepareRequest,
  RunControl,
  Staging,
} from './backend.ts';
import { buildPackage } from './build-package.ts';
import { digestBuildroot } from './buildroot-digest.ts';
import { readToolchainLabel } from './buildroot-facts.ts';
import type { ContainerEngine, EngineImage } from './engine.ts';
import { digestStagedBuildroot, installStaging } from './install-staging.ts';
import {
  CONTAINER_LABEL,
  DIGEST_LABEL,
  prefixLabels,
  TOOLCHAIN_LABEL,
  UNSATISFIED_LABEL,
} from './labels.ts';
import { BUILDROOT_REPOSITORY, type PrepareJob, prepareBuildroot } from './prepare-buildroot.ts';
import { readSpecs } from './prepare-inputs.ts';
import { requireImage } from './require-image.ts';
import { sharePreparations } from './share-preparations.ts';
import { readTargetKeys } from './target-keys.ts';

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
  const share = sharePreparations();

  async function prepare({ target, ...rest }: PrepareRequest, run: RunControl): Promise<Buildroot> {
    if (target.backend !== 'container') throw new Error('BUG: a target of another backend');
    const request = { ...rest, target };
    const image = await requireImage(engine, target, run);
    const report = (sentence: string): void => run.onLog(Buffer.from(`rekmod: ${sentence}\n`));
    const specs = await readSpecs(request.specs, report);
    const keys = await readTargetKeys(target);
    const digest = digestBuildroot(request, image.id, { specs, keys });
    const environment = deps.prepareEnvironment ?? {};
    const job = { request, digest, imageId: image.id, specs, keys, environment };
    const buildroot = await share(digest, run, () => findOrMakeImage(job, run));
    return { ...buildroot, image: { name: target.image, id: image.id } };
  }

  async function findOrMakeImage(job: PrepareJob, run: RunControl): Promise<Buildroot> {
    const { digest } = job;
    const found = await engine.findImage(`${BUILDROOT_REPOSITORY}:${digest.slice(0, 16)}`);
    if (found !== undefined && isUsable(found, digest, deps.now())) {
      const toolchain = readToolchainLabel(found.labels[TOOLCHAIN_LABEL]);
      return { id: found.id, digest, isReused: true, ...(toolchain && { toolchain }) };
    }
    return { ...(await prepareBuildroot(engine, job, run)), digest, isReused: false };
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

  async function build(request: BuildRequest, run: RunControl): Promise<BuildResult> {
    const { staging } = request;
    if (staging === undefined) return await buildPackage(engine, request, run);
    const digest = digestStagedBuildroot(request.buildroot, staging);
    const buildroot = await share(digest, run, () =>
      findOrStage({ request, staging, digest }, run),
    );
    return await buildPackage(engine, { ...request, buildroot }, run);
  }

  async function findOrStage(
    {
      request,
      staging,
      digest,
    }: {
      readonly request: BuildRequest;
      readonly staging: Staging;
      readonly digest: Sha256Hex;
    },
    run: RunControl,
  ): Promise<Buildroot> {
    const found = await engine.findImage(`${BUILDROOT_REPOSITORY}:${digest.slice(0, 16)}`);
    if (found?.labels[DIGEST_LABEL] === digest) return { id: found.id, digest, isReused: true };
    const image = await engine.findImage(request.buildroot.id);
    if (image === undefined) throw new BuildrootMissingError(request.buildroot.id);
    const id = await installStaging(engine, { request, staging, image }, run);
    return { id, digest, isReused: false };
  }

  return { prepare, build, removeLeftovers };
}

function isUsable({ labels, createdAtMs }: EngineImage, digest: Sha256Hex, now: number): boolean {
  if (labels[DIGEST_LABEL] !== digest) return false;
  return labels[UNSATISFIED_LABEL] === '0' || now - createdAtMs < INCOMPLETE_REUSE_MS;
}
