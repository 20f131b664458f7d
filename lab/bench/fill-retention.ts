import { createHash } from 'node:crypto';
import { assessForRollout } from '../../activities/assess.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { CellRecord } from '../../model/cell.ts';
import type { PackagedModule } from '../../model/kabi.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { PlannedCell } from '../../model/plan.ts';
import type { StoredFile } from '../../model/store.ts';
import { rebuildId } from '../../model/workflow-ids.ts';
import { isBuilt } from '../../plan/is-built.ts';
import {
  FAST_VERMAGIC_FLAGS,
  type FastKernel,
  fastCrc,
  fastRelease,
  fastSymbol,
  writeFastKabi,
} from '../fast/fast-kernel.ts';

/** What lies in retention: made once, then measured. */
export interface Retention {
  readonly kernels: readonly Kernel[];
  readonly publishedCount: number;
  readonly keptCount: number;
}

const STREAM = 'fast';
const ARCH = 'x86_64';
const SYMBOL_COUNT = 25_000;
/** A point release: so many kernels share a kABI. */
const KERNELS_A_KABI = 25;
const KMOD_SYMBOLS = 20;

/** The symbols that the n-th kmod needs; no two need the same. */
export function importsOfKmod(index: number): readonly string[] {
  const own = Array.from({ length: KMOD_SYMBOLS }, (_, nth) => index * KMOD_SYMBOLS + nth);
  return ['module_layout', ...own.map(fastSymbol)];
}

/**
 * Records kernels as rollouts that ended leave them: each was planned from what was there before it, what had to be
 * built is published, everything else is kept. Only packages, signatures and logs are names.
 *
 * @param kernels Oldest first. Each has 25,000 symbols; every 25 of them the kABI changes for all kmods but one.
 * @param kmods In the order of {@link importsOfKmod}.
 */
export async function fillRetention(
  context: CommandContext,
  kernels: readonly FastKernel[],
  kmods: readonly string[],
): Promise<Retention> {
  const made: RecordedKernel[] = [];
  for (let first = 0; first < kernels.length; first += KERNELS_A_KABI) {
    const changed = changeKabi(first / KERNELS_A_KABI, kmods.length);
    const text = writeFastKabi({ symbolCount: SYMBOL_COUNT, changed });
    const kabi = { changed, symvers: await context.store.addText(text) };
    const [builder, ...others] = kernels.slice(first, first + KERNELS_A_KABI);
    if (builder) made.push(await recordKernel(context, builder, { kabi, kmods }));
    // All that the first one built serves these, so they do not wait for each other.
    made.push(
      ...(await Promise.all(others.map((one) => recordKernel(context, one, { kabi, kmods })))),
    );
  }
  const publishedCount = made.reduce((sum, one) => sum + one.publishedCount, 0);
  const keptCount = made.length * kmods.length - publishedCount;
  return { kernels: made.map(({ kernel }) => kernel), publishedCount, keptCount };
}

interface RecordedKernel {
  readonly kernel: Kernel;
  readonly publishedCount: number;
}

interface KernelInput {
  readonly kabi: {
    /** By symbol; see {@link FastKernel.changed}. */
    readonly changed: Readonly<Record<string, number>>;
    readonly symvers: StoredFile;
  };
  readonly kmods: readonly string[];
}

async function recordKernel(
  context: CommandContext,
  fast: FastKernel,
  { kabi, kmods }: KernelInput,
): Promise<RecordedKernel> {
  const { records, store } = context;
  const kernel = describeKernel(fast, kabi.symvers);
  await records.writeKernel(kernel);
  const { signal } = new AbortController();
  const { plan } = await assessForRollout({ ...kernel, forced: [] }, context, signal);
  await records.writePlan(plan);
  await Promise.all(
    plan.cells.map(async (cell) => {
      const imports = importsOfKmod(kmods.indexOf(cell.kmod)).map((symbol) => ({
        ...{ symbol, crc: fastCrc(`${symbol} of generation ${kabi.changed[symbol] ?? 1}`) },
      }));
      const path = `/lib/modules/${kernel.release}/extra/${cell.kmod}.ko`;
      const module: PackagedModule = { ...describeModule(cell, kernel), path, imports };
      const list = isBuilt(cell) ? await store.addText(JSON.stringify([module])) : undefined;
      await records.writeCell(describeCell(cell, list));
    }),
  );
  const { release, foundAt: endedAt } = kernel;
  await records.writeRollout({ stream: STREAM, release, endedAt, kmods });
  return { kernel, publishedCount: plan.cells.filter(isBuilt).length };
}

/** All kmods but the first are served by a new build in each generation. */
function changeKabi(generation: number, kmodCount: number): Readonly<Record<string, number>> {
  const indexes = Array.from({ length: kmodCount - 1 }, (_, nth) => (nth + 1) * KMOD_SYMBOLS);
  return Object.fromEntries(indexes.map((index) => [fastSymbol(index), generation + 1]));
}

function describeKernel(fast: FastKernel, symvers: StoredFile): Kernel {
  const [version = '', release = ''] = fast.spelling.split('-');
  const evr = { epoch: 0, version, release };
  return {
    ...{ stream: STREAM, release: fastRelease(fast), arch: ARCH, flavour: 'default', evr },
    foundAt: new Date().toISOString(),
    devel: {
      ...nameFile(`devel ${fast.spelling}`),
      nevra: { ...evr, name: 'kernel-devel', arch: ARCH },
    },
    symvers: { ...symvers, symbolCount: SYMBOL_COUNT + 1 },
    vermagicFlags: FAST_VERMAGIC_FLAGS.split(' '),
  };
}

function describeModule(
  { kmod }: PlannedCell,
  { release }: Kernel,
): Omit<PackagedModule, 'path' | 'imports'> {
  return {
    ...{ name: kmod.replaceAll('-', '_'), vermagic: `${release} ${FAST_VERMAGIC_FLAGS} ` },
    ...{ license: 'GPL', depends: [], importsWithoutCrc: [], exports: [], importNamespaces: [] },
    arch: ARCH,
  };
}

function describeCell(cell: PlannedCell, modules: StoredFile | undefined): CellRecord {
  const { kmod, stream, release, arch, verdict, sourceDigest, inputDigest, buildNumber } = cell;
  const common = {
    ...{ kmod, stream, release, arch, verdict, planned: { sourceDigest, inputDigest } },
    ...{ updatedAt: new Date().toISOString(), workflowId: rebuildId(cell), runId: 'bench' },
  };
  if (!modules) return { ...common, outcome: { kind: 'kept' } };
  const version = release.replace(/-/g, '_').replace(`.${ARCH}`, '');
  const nevra = {
    name: `kmod-${kmod}`,
    epoch: 0,
    version: '1.0',
    release: `${buildNumber}.${version}`,
    arch,
  };
  const fileName = `kmod-${kmod}-1.0-${nevra.release}.${arch}.rpm`;
  const outcome = {
    kind: 'published',
    packages: [{ ...nameFile(fileName), fileName, nevra }],
    ...{ repository: 'kmods', snapshot: '000001' },
    build: {
      ...{ inputDigest, sourceDigest, buildNumber, durationMs: 60_000 },
      modules: { ...modules, moduleCount: 1 },
      attemptLog: `logs/${stream}/${release}/${kmod}/bench.log`,
    },
  } as const;
  return { ...common, outcome, lastBuild: outcome };
}

/** A file that nobody reads. */
function nameFile(name: string): StoredFile {
  return { sha256: createHash('sha256').update(name).digest('hex'), sizeBytes: 20_000 };
}
