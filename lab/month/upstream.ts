import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { faultAt, listedBy, type MirrorState, nameState, offeredAt } from './mirror-state.ts';
import { evrOf, type MonthEvent } from './month-events.ts';
import { type KernelFiles, kernelsOf, makeMonthKernel } from './month-kernels.ts';
import { type FaultyMirror, serveMirror } from './serve-mirror.ts';
import type { VendorKey } from './vendor-key.ts';
import { type AdvisedPackage, writeRepodata } from './write-repodata.ts';

/** The mirror of one stream, as the script has it. */
export interface Upstream extends AsyncDisposable {
  readonly mirror: FaultyMirror;
  /** Serves what is to be served at a poll. */
  turnTo(poll: number): Promise<void>;
}

/** What an upstream is made of. */
export interface UpstreamOptions {
  readonly directory: string;
  readonly stream: string;
  readonly events: readonly MonthEvent[];
  readonly key: VendorKey;
}

/** Generations of metadata that are on disk: more are of no use to anybody. */
const KEPT_METADATA = 6;
/** Of the first `repomd.xml`; those after it count on. */
const FIRST_REVISION = 1_795_392_000;

/** Makes all kernels of a stream and a mirror that has none of them yet. */
export async function openUpstream(options: UpstreamOptions): Promise<Upstream> {
  const { directory, stream, events, key } = options;
  const pool = join(directory, 'pool');
  await mkdir(join(pool, 'Packages'), { recursive: true });
  const files: KernelFiles[] = [];
  for (const kernel of kernelsOf(events, stream)) {
    files.push(...(await makeMonthKernel(pool, kernel)));
  }
  const mirror = await serveMirror(pool);
  const shelf = openShelf({ directory, pool, files, key });
  return {
    mirror,
    async turnTo(poll) {
      const fault = faultAt(events, stream, poll);
      const offered = offeredAt(events, stream, poll);
      const listed = listedBy(offered, fault);
      // What is in force last is put last, so that its revision is the newest.
      const before = fault && (await shelf.find(fault.before));
      const isBack = fault?.how === 'fallen-back';
      const metadata = isBack && before !== undefined ? before : await shelf.put(listed);
      const there = fault?.how === 'package-missing' ? offered.slice(0, -1) : listed;
      await mirror.serve({
        metadata,
        ...(before === undefined ? {} : { before }),
        packages: new Set(listFiles(there, files)),
        ...(fault ? { how: fault.how } : {}),
      });
    },
    async [Symbol.asyncDispose]() {
      await mirror[Symbol.asyncDispose]();
    },
  };
}

interface ShelfOptions {
  readonly directory: string;
  readonly pool: string;
  readonly files: readonly KernelFiles[];
  readonly key: VendorKey;
}

/** Metadata by state; a state that comes again is written anew, as vendors do. */
function openShelf({ directory, pool, files, key }: ShelfOptions) {
  const kept: { readonly name: string; readonly path: string }[] = [];
  let revision = FIRST_REVISION;
  async function write(state: MirrorState): Promise<string> {
    revision += 1;
    const path = join(directory, `metadata-${revision}`);
    await writeRepodata(path, {
      pool,
      packages: listFiles(state, files),
      advised: listAdvised(state, files),
      revision,
      key,
    });
    kept.push({ name: nameState(state), path });
    const old = kept.length > KEPT_METADATA ? kept.shift() : undefined;
    if (old) await rm(old.path, { recursive: true, force: true });
    return path;
  }
  return {
    /** Metadata that were in force before. */
    async find(state: MirrorState): Promise<string> {
      return kept.findLast(({ name }) => name === nameState(state))?.path ?? (await write(state));
    },
    /** Metadata that are in force from now on. */
    async put(state: MirrorState): Promise<string> {
      const last = kept.at(-1);
      return last?.name === nameState(state) ? last.path : await write(state);
    },
  };
}

function listFiles(state: MirrorState, files: readonly KernelFiles[]): readonly string[] {
  return state.flatMap(({ kernel, hasDevel }) =>
    files
      .filter(({ known }) => evrOf(known.kernel) === evrOf(kernel))
      .flatMap(({ core, devel }) => (hasDevel ? [core, devel] : [core])),
  );
}

function listAdvised(state: MirrorState, files: readonly KernelFiles[]): readonly AdvisedPackage[] {
  return state.flatMap(({ kernel }) => {
    const { severity, version, release } = kernel;
    if (severity === undefined) return [];
    return files
      .filter(({ known }) => evrOf(known.kernel) === evrOf(kernel))
      .map(({ core }) => ({ name: nameOf(core, evrOf(kernel)), version, release, severity }));
  });
}

/** `kernel-core` of `kernel-core-5.14.0-601.el9.x86_64.rpm`. */
function nameOf(file: string, evr: string): string {
  return file.slice(0, file.indexOf(`-${evr}.`));
}
