import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { BuiltPackage, CellKey } from '../../model/cell.ts';
import type { ListedPackage, SnapshotContent } from '../../model/snapshot.ts';
import { findCellsToTrim, planRetention } from '../../plan/plan-retention.ts';
import { readCells } from '../gather-retention.ts';
import type { RepositoryChange, ServedSnapshot } from './change-repository.ts';
import type { DecisionContext } from './decision-context.ts';
import { pathOfSnapshot } from './snapshot-place.ts';

/** A package and the cell that it was built for. */
export interface PublishedPackage extends BuiltPackage {
  /** Absent in what an earlier version asks for. */
  readonly cell?: CellKey;
}

/**
 * Decides what is listed when packages come: they too, and no more builds for a kernel than are kept.
 *
 * @returns Undefined if all of them are listed already.
 * @throws {ContentInvalidError} If a name has other content than before, or was rolled back.
 */
export async function decidePublication(
  { snapshot, content }: ServedSnapshot,
  packages: readonly PublishedPackage[],
  { directory, keep, records, now }: DecisionContext,
): Promise<RepositoryChange | undefined> {
  const fresh = findFresh(content, mergeRepeated(packages), now);
  if (snapshot !== undefined && fresh.length === 0) return undefined;
  await refuseOtherContent(content, fresh, pathOfSnapshot(directory, snapshot ?? ''));
  const listed = [...content.packages, ...fresh];
  const cells = await readCells(records, findCellsToTrim(listed, keep));
  const removed = planRetention({ packages: listed, kernels: [], cells, keep, now });
  const stays = ({ fileName }: ListedPackage): boolean => !removed.has(fileName);
  return {
    cause: { kind: 'published' },
    kept: content.packages.filter(stays),
    fresh: fresh.filter(stays),
    withheld: content.withheld,
    removed,
  };
}

/** A request that was sent twice names its packages twice; a name has one content all the same. */
function mergeRepeated(packages: readonly PublishedPackage[]): readonly PublishedPackage[] {
  const byName = new Map<string, PublishedPackage>();
  for (const file of packages) {
    const before = byName.get(file.fileName);
    if (before && before.sha256 !== file.sha256) {
      throw new ContentInvalidError(file.fileName, 'expected one content of this name, found two');
    }
    byName.set(file.fileName, file);
  }
  return [...byName.values()];
}

/** Leaves out what is served already, and refuses what a rollback took away. */
function findFresh(
  { packages: served, withheld }: SnapshotContent,
  packages: readonly PublishedPackage[],
  listedAt: string,
): readonly ListedPackage[] {
  const byName = new Map(served.map((file) => [file.fileName, file]));
  return packages.flatMap((file): readonly ListedPackage[] => {
    const { fileName } = file;
    const taken = withheld.find((one) => one.fileName === fileName);
    if (taken) {
      const detail = `expected a build with a higher number, found one that ${taken.by} rolled back: ${taken.why}`;
      throw new ContentInvalidError(fileName, detail);
    }
    const before = byName.get(fileName);
    if (before === undefined) return [{ ...file, location: `Packages/${fileName}`, listedAt }];
    if (before.sha256 === file.sha256) return [];
    throw refuseContent(fileName);
  });
}

/** What lingers has its name still; a name never changes its content under a client. */
async function refuseOtherContent(
  { lingering }: SnapshotContent,
  fresh: readonly ListedPackage[],
  snapshot: string,
): Promise<void> {
  for (const { fileName, location, sha256 } of fresh) {
    if (lingering[location] === undefined) continue;
    const bytes = await readFile(join(snapshot, location));
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== sha256) throw refuseContent(fileName);
  }
}

function refuseContent(fileName: string): ContentInvalidError {
  const detail = 'expected a new name, found other content published under the same';
  return new ContentInvalidError(fileName, detail);
}
