import { type Blocked, needsBuild, type Verdict } from '../model/verdict.ts';
import { findCycles, type Needs } from './find-cycles.ts';

/**
 * Blocks what cannot be built: kmods that need themselves by way of others, and those that need such
 * a kmod. What needs no build stays as it is.
 *
 * @param needs Of all kmods.
 */
export function blockCycles(
  verdicts: ReadonlyMap<string, Verdict>,
  needs: Needs,
): ReadonlyMap<string, Verdict> {
  const built = new Map([...needs].filter(([kmod]) => isBuilt(verdicts.get(kmod))));
  const blocked = new Map(verdicts);
  for (const [kmod, cycle] of findCycles(built)) {
    const by = cycle[cycle.lastIndexOf(kmod, -2) + 1] ?? kmod;
    blocked.set(kmod, { kind: 'blocked', by, cycle });
  }
  blockDependants(blocked, needs);
  return blocked;
}

/** Blocks whatever must be built and needs a kmod that is blocked, until no more are. */
function blockDependants(verdicts: Map<string, Verdict>, needs: Needs): void {
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const [kmod, list] of needs) {
      if (!isBuilt(verdicts.get(kmod))) continue;
      const by = list.find((need) => verdicts.get(need)?.kind === 'blocked');
      if (by === undefined) continue;
      verdicts.set(kmod, { kind: 'blocked', by } satisfies Blocked);
      isChanged = true;
    }
  }
}

function isBuilt(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && needsBuild(verdict);
}
