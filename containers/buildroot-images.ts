import { BuildrootMissingError, EngineRefusedError } from '../model/engine-errors.ts';
import type { BuildBackend, Buildroot, Labels } from './backend.ts';
import type { BuildrootUses } from './buildroot-uses.ts';
import type { ContainerEngine, ImageName } from './engine.ts';
import { BUILDROOT_REPOSITORY } from './prepare-buildroot.ts';

/** The images of buildroots, which several data directories of a machine may share. */
export interface BuildrootImages {
  /** Notes that the data directory of the labels uses a buildroot. */
  use(buildroot: Buildroot, labels: Labels): Promise<void>;
  /** Does work during which the buildroot is not removed. */
  during<T>(buildroot: Buildroot, work: () => Promise<T>): Promise<T>;
  readonly list: BuildBackend['listBuildroots'];
  readonly remove: BuildBackend['removeBuildroot'];
}

/**
 * Opens the images. Who uses one gives it a name of its own, `rekmod/home-<home>:<digest>`, beside the one by
 * which all find it. Giving up takes that name away; who takes the last one, takes the common one as well,
 * and the engine removes an image that has no name and no container. So the engine itself counts the users,
 * and a removal that meets a new user leaves the image with that user's name.
 */
export function openBuildrootImages(
  engine: ContainerEngine,
  uses: BuildrootUses | undefined,
): BuildrootImages {
  /** How many builds use an image just now, by its id. */
  const building = new Map<string, number>();

  async function release(use: ImageUse): Promise<number | undefined> {
    const image = await engine.findImage(use.id);
    const own = nameOwn(use.home, use.digest);
    const common = nameTag(use.digest);
    const ownName = `${own.repository}:${own.tag}`;
    // An image of the same digest that was made anew has the common name now.
    if (image === undefined) return 0;
    await engine.removeImage(ownName);
    const others = image.names.filter((name) => HOME_NAME.test(name) && !name.endsWith(ownName));
    if (others.length > 0) return 0;
    const isCommon = image.names.some((name) => name.endsWith(common));
    const isRemoved = !isCommon || (await engine.removeImage(common));
    return isRemoved ? image.sizeBytes : undefined;
  }

  return {
    async use({ id, digest }, labels) {
      const { home, kernel } = labels;
      if (uses === undefined || home === undefined || kernel === undefined) return;
      await tagFound(engine, id, nameOwn(home, digest));
      await uses.note({ id, digest, kernel });
    },
    async during({ id }, work) {
      building.set(id, (building.get(id) ?? 0) + 1);
      try {
        return await work();
      } finally {
        building.set(id, (building.get(id) ?? 1) - 1);
      }
    },
    list: async () => (await uses?.list()) ?? [],
    async remove({ id, digest, token }, home) {
      if ((building.get(id) ?? 0) > 0) return undefined;
      const now = (await uses?.list())?.find((use) => use.digest === digest);
      if (now?.token !== token) return undefined;
      const freedBytes = await release({ id, digest, home });
      if (freedBytes === undefined) return undefined;
      await uses?.forget(digest);
      return { freedBytes };
    },
  };
}

/** @throws {BuildrootMissingError} If the image is gone. */
async function tagFound(engine: ContainerEngine, id: string, name: ImageName): Promise<void> {
  try {
    await engine.tag(id, name);
  } catch (error) {
    if (error instanceof EngineRefusedError && error.statusCode === 404) {
      throw new BuildrootMissingError(id);
    }
    throw error;
  }
}

interface ImageUse {
  readonly id: string;
  readonly digest: string;
  readonly home: string;
}

const HOME_NAME = /(?:^|\/)rekmod\/home-/;
/** Characters that a repository's name may have; the id of a data directory is a UUID. */
const UNFIT = /[^a-z0-9-]/g;

function nameOwn(home: string, digest: string): ImageName {
  const own = home.toLowerCase().replaceAll(UNFIT, '-');
  return { repository: `rekmod/home-${own}`, tag: digest.slice(0, 16) };
}

function nameTag(digest: string): string {
  return `${BUILDROOT_REPOSITORY}:${digest.slice(0, 16)}`;
}
