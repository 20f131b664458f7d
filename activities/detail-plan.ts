import { RekmodError } from '../model/errors.ts';
import type { Symvers } from '../model/kabi.ts';
import type { PlannedCell, RebuildPlan } from '../model/plan.ts';
import type { Stream } from '../model/settings.ts';
import type { SymbolUses } from '../model/symbol-uses.ts';
import type { KmodFacts } from '../plan/assemble-plan.ts';
import { detailVerdict } from '../plan/detail-verdict.ts';
import type { Records } from './records.ts';
import { findStreamLists, type StreamLists } from './stream-lists.ts';
import type { SymversReader } from './symvers-reader.ts';

/** What a plan was made from. */
export interface PlannedFrom {
  readonly stream: Stream;
  /** The exports of the plan's kernel. */
  readonly symvers: Symvers;
  readonly kmods: readonly KmodFacts[];
}

export interface DetailDeps {
  readonly records: Records;
  readonly readSymvers: SymversReader;
}

/**
 * Adds to the verdicts of a plan what explains their symbols: who exported those that are gone, which
 * functions use them, what the stream's lists say. What cannot be read is left out.
 */
export async function detailPlan(
  plan: RebuildPlan,
  from: PlannedFrom,
  deps: DetailDeps,
): Promise<RebuildPlan> {
  if (!plan.cells.some(({ verdict }) => 'problems' in verdict)) return plan;
  const lists = await findStreamLists(from.stream);
  const cells: PlannedCell[] = [];
  for (const cell of plan.cells) cells.push(await detailCell(cell, { ...from, lists }, deps));
  return { ...plan, cells };
}

async function detailCell(
  cell: PlannedCell,
  { symvers, kmods, lists }: PlannedFrom & { readonly lists: StreamLists },
  deps: DetailDeps,
): Promise<PlannedCell> {
  const { verdict } = cell;
  if (!('problems' in verdict)) return cell;
  const { donors = [] } = kmods.find(({ kmod }) => kmod.name === cell.kmod) ?? {};
  const uses = donors.find(({ release }) => release === verdict.donor)?.uses;
  const isLost = verdict.problems.lostCount > 0;
  const before = isLost ? await findSymvers(cell.stream, verdict.donor, deps) : undefined;
  const known = { uses: uses ? findUses(() => deps.records.readUses(uses)) : undefined, before };
  return { ...cell, verdict: detailVerdict(verdict, { after: symvers, ...known, ...lists }) };
}

async function findSymvers(
  stream: string,
  release: string,
  { records, readSymvers }: DetailDeps,
): Promise<Symvers | undefined> {
  try {
    const kernel = await records.readKernel({ stream, release });
    return kernel ? await readSymvers(kernel.symvers) : undefined;
  } catch (error) {
    return forgive(error);
  }
}

function findUses(read: () => SymbolUses): SymbolUses | undefined {
  try {
    return read();
  } catch (error) {
    return forgive(error);
  }
}

/** A damaged file of an older build must not hold up a kernel: it only explains. */
function forgive(error: unknown): undefined {
  if (error instanceof RekmodError) return undefined;
  throw error;
}
