import { BuildrootMissingError } from '../model/engine-errors.ts';
import type { Sha256Hex } from '../model/store.ts';
import type {
  BuildBackend,
  BuildRequest,
  BuildResult,
  Buildroot,
  Labels,
  RunControl,
  Staging,
} from './backend.ts';
import { buildPackage } from './build-package.ts';
import type { ContainerEngine } from './engine.ts';
import { openPreparation } from './find-buildroot.ts';
import { digestStagedBuildroot, installStaging } from './install-staging.ts';
import { CONTAINER_LABEL, DIGEST_LABEL, prefixLabels } from './labels.ts';
import { BUILDROOT_REPOSITORY } from './prepare-buildroot.ts';
import { sharePreparations } from './share-preparations.ts';

/** What the backend works with. */
export interface ContainerBackendDeps {
  readonly engine: ContainerEngine;
  /** The time in milliseconds since 1970, as `Date.now`. */
  readonly now: () => number;
  /** For dnf in preparations, e.g. `{http_proxy: '…'}`. */
  readonly prepareEnvironment?: Readonly<Record<string, string>>;
}

/** Builds in containers; a buildroot is an image `rekmod/buildroot:<digest>`. */
export function createContainerBackend(deps: ContainerBackendDeps): BuildBackend {
  const { engine } = deps;
  const share = sharePreparations();
  const prepare = openPreparation({ ...deps, share });

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
