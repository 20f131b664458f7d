import { parseSymvers } from '../kabi/symvers.ts';
import { readVermagicFlags } from '../kabi/vermagic.ts';
import { ContentInvalidError } from '../model/activity-errors.ts';
import type { Kernel, KernelOffer, RepositoryPackage } from '../model/kernel.ts';
import type { Settings, Stream } from '../model/settings.ts';
import { formatEvr } from '../rpm/evr.ts';
import { releaseFromPaths } from '../rpm/kernels.ts';
import { formatNevra } from '../rpm/nevra.ts';
import type { ContentStore } from './content-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { downloadPackage } from './download-package.ts';
import { withHeartbeat } from './heartbeat.ts';
import type { Records } from './records.ts';
import { requireNamed } from './require-named.ts';
import { openRpm } from './rpm-file.ts';
import { withScratch } from './scratch.ts';
import { makeKeyDatabase, verifyRpm } from './verify-signature.ts';

export interface KernelDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly records: Records;
  readonly now: () => Date;
  readonly onChange: () => void;
}

/** See {@link kernelActivities}. */
export type KernelActivities = ReturnType<typeof kernelActivities>;

/** A Module.symvers has about 25,000 lines, 1.5 MB, a configuration 0.3 MB; nothing near this is one. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Characters of a `uname -r`; it becomes a file name and a part of ids. */
const RELEASE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}$/;

/** Activities that bring a kernel into the store. */
export function kernelActivities(deps: KernelDeps) {
  /**
   * Takes a kernel's build tree into the store, reads its release and its kABI, and records it. A
   * kernel that is recorded already is returned as it is.
   */
  async function storeKernel({ offer }: { readonly offer: KernelOffer }): Promise<Kernel> {
    const stream = requireNamed(deps.settings.streams, 'store a kernel of', 'stream', offer.stream);
    const { devel } = offer;
    if (!devel) throw new Error(`BUG: kernel ${offer.evr.release} has no kernel-devel to store`);
    try {
      const kernel = await store({ offer, devel, stream });
      await noteTrouble(offer, undefined);
      return kernel;
    } catch (error) {
      await noteTrouble(offer, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  async function store({ offer, devel, stream }: DevelOffer): Promise<Kernel> {
    return await withHeartbeat(async (signal) => {
      const stored = await downloadPackage(devel, deps.store, signal);
      const path = await deps.store.require(stored);
      if (stream.trust.gpgCheck) {
        await withScratch(deps.data, 'keys', async (directory) => {
          const keys = await makeKeyDatabase(directory, stream.trust.gpgKeys);
          await verifyRpm(devel.location, path, { keys, signal });
        });
      }
      const tree = await readBuildTree(path, formatNevra(devel), signal);
      const kernel: Kernel = {
        stream: stream.name,
        release: tree.release,
        arch: offer.arch,
        flavour: offer.flavour,
        evr: offer.evr,
        foundAt: deps.now().toISOString(),
        devel: { ...stored, nevra: nevraOf(devel) },
        symvers: {
          ...(await deps.store.addText(tree.symvers)),
          symbolCount: parseSymvers(tree.symvers).size,
        },
        ...(tree.config === undefined ? {} : { vermagicFlags: readVermagicFlags(tree.config) }),
        image: { packages: [offer.core, ...(offer.modules ?? [])] },
      };
      const known = await deps.records.readKernel(kernel);
      if (known?.devel.sha256 === stored.sha256) return known;
      await deps.records.writeKernel(kernel);
      deps.onChange();
      return kernel;
    });
  }

  /** A mirror that lists what it does not have yet is seen by everybody, not only by who opens Temporal. */
  async function noteTrouble({ stream, evr }: KernelOffer, why: string | undefined): Promise<void> {
    let isNews = false;
    await deps.records.updateStream(stream, (record) => {
      const { [formatEvr(evr)]: before, ...others } = record?.notStored ?? {};
      isNews = record !== undefined && before !== why;
      if (!record || !isNews) return undefined;
      const notStored = why === undefined ? others : { ...others, [formatEvr(evr)]: why };
      return { ...record, notStored };
    });
    if (isNews) deps.onChange();
  }

  return { storeKernel };
}

/** A kernel with its kernel-devel. */
interface DevelOffer {
  readonly offer: KernelOffer;
  readonly devel: RepositoryPackage;
  readonly stream: Stream;
}

/** What is read of a kernel-devel. */
interface BuildTree {
  readonly release: string;
  readonly symvers: string;
  /** `include/config/auto.conf`; absent if there is none, or more than one. */
  readonly config?: string;
}

const SYMVERS = '/Module.symvers';
const CONFIG = '/include/config/auto.conf';

async function readBuildTree(path: string, thing: string, signal: AbortSignal): Promise<BuildTree> {
  const rpm = await openRpm(path);
  const paths = rpm.header.files.map((file) => file.path);
  const release = releaseFromPaths(paths);
  if (release === undefined || !RELEASE_PATTERN.test(release)) {
    const found = release === undefined ? 'none or several' : `"${release}"`;
    throw new ContentInvalidError(
      thing,
      `expected one kernel release in its paths, found ${found}`,
    );
  }
  const files = await rpm.readFiles({
    wants: (name) => name.endsWith(SYMVERS) || name.endsWith(CONFIG),
    maxBytesPerFile: MAX_FILE_BYTES,
    signal,
  });
  const texts = (end: string): readonly string[] =>
    [...files].flatMap(([name, bytes]) =>
      name.endsWith(end) ? [new TextDecoder().decode(bytes)] : [],
    );
  const [symvers, ...others] = texts(SYMVERS);
  if (symvers === undefined || others.length > 0) {
    const count = texts(SYMVERS).length;
    throw new ContentInvalidError(thing, `expected one Module.symvers, found ${count}`);
  }
  const [config, ...otherConfigs] = texts(CONFIG);
  return {
    release,
    symvers,
    ...(config === undefined || otherConfigs.length > 0 ? {} : { config }),
  };
}

function nevraOf({
  name,
  epoch,
  version,
  release,
  arch,
}: RepositoryPackage): Kernel['devel']['nevra'] {
  return { name, epoch, version, release, arch };
}
