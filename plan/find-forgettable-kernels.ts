import type { CellKey } from '../model/cell.ts';
import type { Kernel, KernelKey } from '../model/kernel.ts';
import type { Verdict } from '../model/verdict.ts';
import { newestKernels } from '../rpm/newest-kernels.ts';

/** What is asked before records of kernels go. */
export interface ForgetFacts {
  readonly stream: { readonly name: string; readonly keepKernels: number };
  /** Of the stream, oldest first. */
  readonly kernels: readonly Pick<Kernel, 'release' | 'flavour'>[];
  /** Releases that the stream does not offer any more. */
  readonly gone: ReadonlySet<string>;
  /** Releases that the stream's gate needs: see `findGatedKernels()`. */
  readonly gated: ReadonlySet<string>;
  /** Cells of the stream. */
  readonly cells: readonly ForgetCell[];
  /** Cells that packages of any snapshot of any repository were built for, also such as were taken away. */
  readonly published: readonly KernelKey[];
  /** File names of the packages of all snapshots: of older ones nobody remembers the cell. */
  readonly publishedFiles: ReadonlySet<string>;
}

/** What matters of a cell. */
export type ForgetCell = CellKey & {
  readonly verdict: Verdict;
  readonly lastBuild?: { readonly packages: readonly { readonly fileName: string }[] };
};

/**
 * Finds kernels whose records nobody needs: not among the newest that are kept, not offered by their stream
 * (or the next look would bring them back), with no package in any snapshot, of no need to the gate, and no
 * kernel that is remembered is served by a build for them.
 *
 * @returns Their releases.
 */
export function findForgettableKernels(facts: ForgetFacts): readonly string[] {
  const { stream, kernels, gone, gated } = facts;
  const kept = new Set(newestKernels(kernels, stream.keepKernels).map(({ release }) => release));
  const published = new Set(
    facts.published.filter((key) => key.stream === stream.name).map(({ release }) => release),
  );
  const served = findServing(facts);
  return kernels
    .map(({ release }) => release)
    .filter((release) => gone.has(release) && !kept.has(release) && !gated.has(release))
    .filter((release) => !published.has(release) && !served.has(release));
}

/** Releases whose builds are still there, or serve another kernel. */
function findServing({ cells, publishedFiles }: ForgetFacts): ReadonlySet<string> {
  const serving = new Set<string>();
  for (const { release, verdict, lastBuild } of cells) {
    if (verdict.kind === 'keep' && verdict.why === 'compatible') serving.add(verdict.donor);
    const files = lastBuild?.packages ?? [];
    if (files.some(({ fileName }) => publishedFiles.has(fileName))) serving.add(release);
  }
  return serving;
}
