import { BuildrootMissingError } from '../model/engine-errors.ts';
import type { Target } from '../model/settings.ts';
import type { Sha256Hex } from '../model/store.ts';
import type {
  BuildBackend,
  BuildRequest,
  BuildResult,
  Buildroot,
  PrepareRequest,
  RunControl,
  Staging,
} from './backend.ts';
import { buildPackage } from './build-package.ts';
import { openBuildrootImages } from './buildroot-images.ts';
import type { BuildrootUses } from './buildroot-uses.ts';
import { openContainerRuns } from './container-runs.ts';
import type { ContainerEngine } from './engine.ts';
import { openPreparation } from './find-buildroot.ts';
import { digestStagedBuildroot, installStaging } from './install-staging.ts';
import { DIGEST_LABEL } from './labels.ts';
import { BUILDROOT_REPOSITORY } from './prepare-buildroot.ts';
import { sharePreparations } from './share-preparations.ts';

/** What the backend works with. */
export interface ContainerBackendDeps {
  readonly engine: ContainerEngine;
  /** The time in milliseconds since 1970, as `Date.now`. */
  readonly now: () => number;
  /** Which buildroots the data directory uses; nobody removes any where this is absent. */
  readonly uses?: BuildrootUses;
  /** For dnf in preparations, e.g. `{http_proxy: '…'}`. */
  readonly prepareEnvironment?: Readonly<Record<string, string>>;
}

/** Builds in containers; a buildroot is an image `rekmod/buildroot:<digest>`. */
export function createContainerBackend(deps: ContainerBackendDeps): BuildBackend {
  const { engine } = deps;
  const share = sharePreparations();
  const images = openBuildrootImages(engine, deps.uses);
  const findOrPrepare = openPreparation({ ...deps, share, onUse: images.use });

  async function prepare(request: PrepareRequest, run: RunControl): Promise<Buildroot> {
    const buildroot = await findOrPrepare(request, run);
    await images.use(buildroot, request.labels);
    return buildroot;
  }

  async function findToolchain(target: Target): Promise<string | undefined> {
    if (target.backend !== 'container') return undefined;
    return (await engine.findImage(target.image))?.id;
  }

  async function build(request: BuildRequest, run: RunControl): Promise<BuildResult> {
    const { staging } = request;
    await images.use(request.buildroot, request.labels);
    if (staging === undefined) {
      return await images.during(request.buildroot, () => buildPackage(engine, request, run));
    }
    const digest = digestStagedBuildroot(request.buildroot, staging);
    const buildroot = await share(digest, run, () =>
      findOrStage({ request, staging, digest }, run),
    );
    await images.use(buildroot, request.labels);
    const staged = { ...request, buildroot };
    return await images.during(buildroot, () => buildPackage(engine, staged, run));
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

  const { rootDirectory } = engine.info;
  return {
    ...(rootDirectory === undefined ? {} : { places: [rootDirectory] }),
    ...{ prepare, build, findToolchain },
    ...openContainerRuns(engine),
    listBuildroots: images.list,
    removeBuildroot: images.remove,
  };
}
