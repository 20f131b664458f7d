import type { CellKey, CellRecord, DonorBuild } from '../model/cell.ts';
import type { GateRecord } from '../model/gate.ts';
import type { Kernel, KernelKey } from '../model/kernel.ts';
import type { RebuildPlan } from '../model/plan.ts';
import type { SourcesRecord } from '../model/source-watch.ts';
import { compareEvr } from '../rpm/evr.ts';
import { readJson, writeJson } from './atomic-file.ts';
import type { ContentStore } from './content-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { hasKeys } from './has-keys.ts';
import { openJsonFiles } from './json-files.ts';
import { listJsonNames, listNames } from './list-names.ts';
import { type ModuleListReader, openModuleListReader } from './module-list-reader.ts';
import { openServedNamesReader, type ServedNamesReader } from './snapshot/served-names.ts';
import { openStreamRecords, type StreamRecords } from './stream-record.ts';
import { openSymbolUsesReader, type SymbolUsesReader } from './symbol-uses-reader.ts';

/** Whose donors are wanted. */
export type DonorKernel = Pick<Kernel, 'stream' | 'release' | 'arch' | 'flavour'>;

/**
 * Gives the newest published builds of a kmod, at most {@link DONOR_LIMIT}, newest kernel first, for the
 * kernels of a stream that are of one flavour and architecture (a module of another one is refused by
 * its vermagic), and that their repository still lists.
 */
export type DonorLookup = (kmod: string) => readonly DonorBuild[];

/**
 * A machine has the newest package that it may have. Older builds serve where the newest one was made
 * for a newer kernel than the one that is judged; nobody has those of fifty kernels ago.
 */
export const DONOR_LIMIT = 3;

/** That a kernel's rollout came to its end; without it, the watch starts the rollout again. */
export interface RolloutRecord extends KernelKey {
  /** ISO 8601 in UTC. */
  readonly endedAt: string;
  /** The kmods that were planned, sorted; one that was configured later is not among them. */
  readonly kmods: readonly string[];
}

/** What the data directory remembers. Each file has one writer; all writes are atomic. */
export interface Records extends StreamRecords {
  readSources(): Promise<SourcesRecord | undefined>;
  writeSources(record: SourcesRecord): Promise<void>;
  readKernel(key: KernelKey): Promise<Kernel | undefined>;
  /** Oldest first. */
  listKernels(stream: string): Promise<readonly Kernel[]>;
  writeKernel(kernel: Kernel): Promise<void>;
  readPlan(key: KernelKey): Promise<RebuildPlan | undefined>;
  writePlan(plan: RebuildPlan): Promise<void>;
  readRollout(key: KernelKey): Promise<RolloutRecord | undefined>;
  writeRollout(record: RolloutRecord): Promise<void>;
  /**
   * Reserves the number of a cell's next build, before it begins: no two runs ever get the same one,
   * whatever becomes of them. The same run gets the same number again.
   */
  reserveBuildNumber(key: CellKey, runId: string, atLeast: number): Promise<number>;
  readCell(key: CellKey): Promise<CellRecord | undefined>;
  writeCell(record: CellRecord): Promise<void>;
  listCells(stream: string): Promise<readonly CellRecord[]>;
  readGate(stream: string): Promise<GateRecord | undefined>;
  writeGate(record: GateRecord): Promise<void>;
  /** Looks up which builds could serve a kernel; see {@link DonorLookup}. */
  openDonors(kernel: DonorKernel): Promise<DonorLookup>;
  /** @throws {StateDamagedError} If the file is missing or holds something else. */
  readUses: SymbolUsesReader;
  /** What the repositories serve. */
  readServed: ServedNamesReader;
}

/** Opens the records of a data directory. */
export function openRecords(data: DataDirectory, store: ContentStore): Records {
  const readModules = openModuleListReader(store);
  const readServed = openServedNamesReader(data.repositories);
  // Thousands of these are read for each status, decision of a gate, and look.
  const kernelFiles = openJsonFiles(isKernel);
  const cellFiles = openJsonFiles(isCellRecord);
  const readKernel = async (key: KernelKey): Promise<Kernel | undefined> =>
    kernelFiles.read(data.kernelFile(key));
  const readCell = async (key: CellKey): Promise<CellRecord | undefined> =>
    cellFiles.read(data.cellFile(key));

  async function listKernels(stream: string): Promise<readonly Kernel[]> {
    const releases = await listJsonNames(data.kernelsOf(stream));
    const kernels = await Promise.all(releases.map((release) => readKernel({ stream, release })));
    return kernels
      .filter((kernel) => kernel !== undefined)
      .sort((a, b) => compareEvr(a.evr, b.evr));
  }

  return {
    readUses: openSymbolUsesReader(store),
    readServed,
    ...openStreamRecords(data),
    readSources: () => readJson(data.sourcesFile, isSourcesRecord),
    writeSources: (record) => writeJson(data.sourcesFile, record),
    readKernel,
    listKernels,
    writeKernel: (kernel) => kernelFiles.write(data.kernelFile(kernel), kernel),
    readPlan: (key) => readJson(data.planFile(key), isPlan),
    writePlan: (plan) => writeJson(data.planFile(plan), plan),
    readRollout: (key) => readJson(data.rolloutFile(key), isRollout),
    writeRollout: (record) => writeJson(data.rolloutFile(record), record),
    async reserveBuildNumber(key, runId, atLeast) {
      const path = data.buildNumberFile(key);
      const last = await readJson(path, isBuildNumber);
      if (last?.runId === runId) return last.buildNumber;
      const buildNumber = Math.max(atLeast, (last?.buildNumber ?? 0) + 1);
      await writeJson(path, { runId, buildNumber });
      return buildNumber;
    },
    readCell,
    writeCell: (record) => cellFiles.write(data.cellFile(record), record),
    async listCells(stream) {
      const releases = await listNames(data.cellsOf(stream));
      const cells = await Promise.all(
        releases.map(async (release) => {
          const kmods = await listJsonNames(`${data.cellsOf(stream)}/${release}`);
          return Promise.all(kmods.map((kmod) => readCell({ stream, release, kmod })));
        }),
      );
      return cells.flat().filter((cell) => cell !== undefined);
    },
    readGate: (stream) => readJson(data.gateFile(stream), isGate),
    writeGate: (record) => writeJson(data.gateFile(record.stream), record),
    async openDonors({ stream, release: wanted, arch, flavour }) {
      const kernels = (await listKernels(stream)).filter(
        (kernel) => kernel.arch === arch && kernel.flavour === flavour,
      );
      return (kmod) => {
        const donors: DonorBuild[] = [];
        for (const { release } of kernels.toReversed()) {
          if (donors.length === DONOR_LIMIT) break;
          const cell = cellFiles.read(data.cellFile({ stream, release, kmod }));
          if (!mayServe(cell, { isOwn: release === wanted, readServed })) continue;
          const donor = toDonor(cell, readModules);
          if (donor) donors.push(donor);
        }
        return donors;
      };
    },
  };
}

/**
 * Whether a machine can get the last build of a cell. One that a rollback took away serves no other kernel;
 * for its own it stands, or it would be built and published again from the same source.
 */
function mayServe(
  cell: CellRecord | undefined,
  { isOwn, readServed }: { readonly isOwn: boolean; readonly readServed: ServedNamesReader },
): boolean {
  const build = cell?.lastBuild;
  const served = build && readServed(build.repository);
  if (!served) return true;
  return build.packages.every(
    ({ fileName }) => served.listed.has(fileName) || (isOwn && served.withheld.has(fileName)),
  );
}

function toDonor(
  cell: CellRecord | undefined,
  readModules: ModuleListReader,
): DonorBuild | undefined {
  const build = cell?.lastBuild?.build;
  if (!build) return undefined;
  return {
    release: cell.release,
    sourceDigest: build.sourceDigest,
    inputDigest: build.inputDigest,
    buildNumber: build.buildNumber,
    durationMs: build.durationMs,
    modules: readModules(build.modules),
    ...(build.uses ? { uses: build.uses } : {}),
    ...(build.given ? { given: build.given } : {}),
  };
}

function isSourcesRecord(value: unknown): value is SourcesRecord {
  return hasKeys(value, 'lookedAt', 'message', 'kmods');
}

function isKernel(value: unknown): value is Kernel {
  return hasKeys(value, 'stream', 'release', 'arch', 'evr', 'devel', 'symvers');
}

function isPlan(value: unknown): value is RebuildPlan {
  return hasKeys(value, 'stream', 'release', 'cells');
}

function isRollout(value: unknown): value is RolloutRecord {
  return hasKeys(value, 'stream', 'release', 'endedAt', 'kmods');
}

function isGate(value: unknown): value is GateRecord {
  return hasKeys(value, 'stream', 'decidedAt', 'kernels', 'rules');
}

function isBuildNumber(
  value: unknown,
): value is { readonly runId: string; readonly buildNumber: number } {
  return hasKeys(value, 'runId', 'buildNumber');
}

function isCellRecord(value: unknown): value is CellRecord {
  return hasKeys(value, 'stream', 'kmod', 'release', 'verdict', 'outcome', 'updatedAt');
}
