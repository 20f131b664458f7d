import { NotFoundError } from '../model/activity-errors.ts';
import type { DonorBuild } from '../model/cell.ts';
import type { Kmod } from '../model/kmod.ts';
import type { Settings } from '../model/settings.ts';
import type { DeltaMarks } from '../plan/mark-delta.ts';
import type { Records } from './records.ts';
import { requireNamed } from './require-named.ts';
import { readStreamLists } from './stream-lists.ts';

/** What a delta is marked with, and the build that it is about. */
export interface GatheredMarks {
  readonly marks: DeltaMarks;
  readonly build?: DonorBuild;
}

export interface MarkDeps {
  readonly settings: Settings;
  readonly records: Records;
}

/** What a delta is about. */
export interface MarkRequest {
  /** The stream whose lists are meant; else that of a kernel which is named. */
  readonly stream?: string | undefined;
  /** The kernels as they were asked for: releases, or paths of files. */
  readonly kernels: readonly string[];
  /** The kmod whose imports are meant. */
  readonly kmod?: string | undefined;
}

/**
 * Gathers what the symbols of a delta are marked with: the stream's lists and a kmod's last build.
 *
 * @throws {NotFoundError} If stream or kmod are not configured, or the kmod was never built.
 * @throws {ContentInvalidError} If a list cannot be parsed.
 */
export async function gatherMarks(request: MarkRequest, deps: MarkDeps): Promise<GatheredMarks> {
  const name = request.stream ?? (await findStream(request.kernels, deps));
  const lists =
    name === undefined
      ? {}
      : await readStreamLists(requireNamed(deps.settings.streams, 'compare', 'stream', name));
  if (request.kmod === undefined) return { marks: lists };
  const kmod = requireNamed(deps.settings.kmods, 'compare for', 'kmod', request.kmod);
  const build = await requireLastBuild(kmod, name, deps);
  const uses = build.uses ? deps.records.readUses(build.uses) : undefined;
  return { marks: { ...lists, build: { modules: build.modules, uses } }, build };
}

async function findStream(
  kernels: readonly string[],
  { settings, records }: MarkDeps,
): Promise<string | undefined> {
  for (const release of kernels.filter((kernel) => !kernel.includes('/'))) {
    for (const { name } of settings.streams) {
      if (await records.readKernel({ stream: name, release })) return name;
    }
  }
  return undefined;
}

/** The build for the newest kernel, in the given stream or else in any. */
async function requireLastBuild(
  { name, streams }: Kmod,
  stream: string | undefined,
  { records }: MarkDeps,
): Promise<DonorBuild> {
  const wanted = stream === undefined ? streams : [stream];
  for (const candidate of wanted) {
    for (const kernel of (await records.listKernels(candidate)).toReversed()) {
      const donors = (await records.openDonors(kernel))(name);
      const build = donors.find(({ release }) => release === kernel.release);
      if (build) return build;
    }
  }
  const detail = `expected a build of it for a kernel of ${wanted.join(', ')}, found none`;
  throw new NotFoundError('compare for', name, detail);
}
