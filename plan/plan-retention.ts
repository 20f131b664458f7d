import type { CellKey, CellRecord } from '../model/cell.ts';
import type { KernelKey } from '../model/kernel.ts';
import type { Keep } from '../model/settings.ts';
import type { ListedPackage, RemovalReason } from '../model/snapshot.ts';
import { compareEvr } from '../rpm/evr.ts';

/** A kernel that rekmod knows. */
export interface KnownKernel extends KernelKey {
  /** Absent where it is not known: of the same one as others of which it is not. */
  readonly flavour?: string;
  /** Since when its stream does not offer it, ISO 8601 in UTC; absent while it does. */
  readonly goneSince?: string;
}

/** What a repository's retention is decided from. */
export interface RetentionFacts {
  readonly packages: readonly ListedPackage[];
  /** Of all streams that publish here, oldest first; a kernel that is not among them counts as offered. */
  readonly kernels: readonly KnownKernel[];
  /** What serves which cell. */
  readonly cells: readonly Pick<CellRecord, keyof CellKey | 'verdict' | 'lastBuild'>[];
  readonly keep: Pick<Keep, 'buildCount' | 'goneMs'>;
  /** ISO 8601 in UTC. */
  readonly now: string;
}

/**
 * Decides which packages a repository lists no more, and why: builds of a package for one kernel beyond
 * the newest few, and what was built for kernels that are gone for long.
 *
 * What any kernel that is not gone for long is served by always stays: the build for itself, and that of
 * an older kernel which fits it too (weak-updates), however old. So does the newest build of each kmod for
 * each flavour, which its next kernel is judged by; and all of which nobody knows for which cell it was built.
 *
 * @returns By file name.
 */
export function planRetention(facts: RetentionFacts): ReadonlyMap<string, RemovalReason> {
  const needed = findNeeded(facts);
  const gone = new Set(facts.kernels.filter((one) => isLongGone(one, facts)).map(nameKernel));
  const dropped = new Map<string, RemovalReason>();
  for (const { fileName, cell } of facts.packages) {
    if (cell && !needed.has(fileName) && gone.has(nameKernel(cell))) {
      dropped.set(fileName, 'kernel-gone');
    }
  }
  for (const builds of groupBuilds(facts.packages)) {
    for (const { fileName } of builds.slice(facts.keep.buildCount)) {
      if (!needed.has(fileName) && !dropped.has(fileName)) dropped.set(fileName, 'superseded');
    }
  }
  return dropped;
}

/** Cells of which more builds are listed than are kept: all that a publication has to look at. */
export function findCellsToTrim(
  packages: readonly ListedPackage[],
  { buildCount }: Pick<Keep, 'buildCount'>,
): readonly CellKey[] {
  const cells = groupBuilds(packages)
    .filter((builds) => builds.length > buildCount)
    .flatMap(([newest]) => (newest?.cell ? [newest.cell] : []));
  return [...new Map(cells.map((cell) => [nameCell(cell), cell])).values()];
}

function isLongGone({ goneSince }: KnownKernel, { now, keep }: RetentionFacts): boolean {
  return goneSince !== undefined && Date.parse(now) - Date.parse(goneSince) >= keep.goneMs;
}

/** File names of packages that serve a kernel now, or may serve the next. */
function findNeeded(facts: RetentionFacts): ReadonlySet<string> {
  const gone = new Set(facts.kernels.filter((one) => isLongGone(one, facts)).map(nameKernel));
  const records = new Map(facts.cells.map((cell) => [nameCell(cell), cell]));
  const needed = new Set<string>();
  const need = (key: CellKey): void => {
    const build = records.get(nameCell(key))?.lastBuild;
    for (const { fileName } of build?.packages ?? []) needed.add(fileName);
  };
  for (const cell of facts.cells) {
    if (gone.has(nameKernel(cell))) continue;
    need(cell);
    const { verdict } = cell;
    if (verdict.kind === 'keep' && verdict.why === 'compatible') {
      need({ ...cell, release: verdict.donor });
    }
  }
  for (const newest of findNewestBuilds(facts)) need(newest);
  return needed;
}

/** The cell of the newest kernel of each flavour that each kmod has a build for, stream by stream. */
function findNewestBuilds({ cells, kernels }: RetentionFacts): readonly CellKey[] {
  const age = new Map(kernels.map((kernel, index) => [nameKernel(kernel), index]));
  const flavours = new Map(kernels.map((kernel) => [nameKernel(kernel), kernel.flavour]));
  const ageOf = (cell: CellKey): number => age.get(nameKernel(cell)) ?? -1;
  const newest = new Map<string, CellKey>();
  for (const cell of cells) {
    if (!cell.lastBuild) continue;
    const kmod = JSON.stringify([cell.stream, cell.kmod, flavours.get(nameKernel(cell))]);
    const before = newest.get(kmod);
    if (!before || ageOf(cell) > ageOf(before)) newest.set(kmod, cell);
  }
  return [...newest.values()];
}

/** Builds of the same package for the same kernel, the newest first. */
function groupBuilds(packages: readonly ListedPackage[]): readonly (readonly ListedPackage[])[] {
  const groups = new Map<string, ListedPackage[]>();
  for (const file of packages) {
    const { cell, nevra } = file;
    if (!cell) continue;
    const key = JSON.stringify([nameCell(cell), nevra.name, nevra.arch]);
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return [...groups.values()].map((group) =>
    group.sort((a, b) => compareEvr(b.nevra, a.nevra) || compareText(b.listedAt, a.listedAt)),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function nameKernel({ stream, release }: KernelKey): string {
  return JSON.stringify([stream, release]);
}

function nameCell({ stream, release, kmod }: CellKey): string {
  return JSON.stringify([stream, release, kmod]);
}
