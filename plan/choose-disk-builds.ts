import type { CellOutcome } from '../model/cell.ts';
import type { Verdict } from '../model/verdict.ts';
import { orderForLoading } from './load-order.ts';

type Published = Extract<CellOutcome, { kind: 'published' }>;

/** What is known of one kmod for the kernel of a driver disk. */
export interface DiskCandidate {
  /** What would be done about it now; absent where its source cannot be read. */
  readonly verdict?: Verdict;
  /** Kmods whose symbols it imports. */
  readonly needs: readonly string[];
  /** The last build that was published for this very kernel. */
  readonly own?: Published;
  /** The last build that was published for the kernel that the verdict keeps it from. */
  readonly donor?: Published;
}

/** A published build that goes on a driver disk. */
export interface DiskBuild {
  readonly kmod: string;
  /** `uname -r` of the kernel that it was built for; another one if weak-updates keeps it. */
  readonly release: string;
  readonly published: Published;
}

/** Which builds make up a driver disk, or the kmods that have none, each with its verdict. */
export type DiskChoice =
  | { readonly kind: 'chosen'; readonly builds: readonly DiskBuild[] }
  | {
      readonly kind: 'missing';
      readonly kmods: readonly { readonly kmod: string; readonly verdict?: Verdict }[];
    };

/**
 * Chooses the builds of a kmod and of all kmods that it needs: what was published for the kernel itself,
 * else the build whose modules load there as they are.
 *
 * A kernel's own build goes first whatever the verdict says of it now: a newer source does not take away
 * that it loads.
 *
 * @param candidates By kmod; the wanted one and at least all that it needs.
 * @returns Providers before those that need them.
 */
export function chooseDiskBuilds(
  wanted: string,
  release: string,
  candidates: ReadonlyMap<string, DiskCandidate>,
): DiskChoice {
  const needs = new Map([...candidates].map(([kmod, candidate]) => [kmod, candidate.needs]));
  const builds: DiskBuild[] = [];
  const missing: { kmod: string; verdict?: Verdict }[] = [];
  for (const kmod of orderForLoading(needs, [wanted])) {
    const { verdict, own, donor } = candidates.get(kmod) ?? {};
    if (own) builds.push({ kmod, release, published: own });
    else if (donor && verdict?.kind === 'keep' && verdict.why === 'compatible') {
      builds.push({ kmod, release: verdict.donor, published: donor });
    } else missing.push({ kmod, ...(verdict ? { verdict } : {}) });
  }
  return missing.length > 0 ? { kind: 'missing', kmods: missing } : { kind: 'chosen', builds };
}
