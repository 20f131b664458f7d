import type { BuildBackend } from '../../containers/backend.ts';
import type { BuildrootUse } from '../../containers/buildroot-uses.ts';
import type { UpkeepRemoval } from '../../model/upkeep.ts';
import { findRipe, type IdleLook } from './idle-record.ts';
import { nameRun, type RunningWorkflows } from './running-workflows.ts';

const SHOWN_NAMES = 5;

/**
 * Ends what was started for workflow runs that have ended: their worker was killed, or could not remove it.
 * What carries no run, such as a person's `rekmod reproduce`, is left alone.
 */
export async function reapRuns(
  backend: BuildBackend,
  homeId: string,
  {
    running,
    isDryRun,
  }: { readonly running: Pick<RunningWorkflows, 'runs'>; readonly isDryRun: boolean },
): Promise<UpkeepRemoval> {
  const names: string[] = [];
  for (const { id, labels } of await backend.listRuns(homeId)) {
    const { workflow, run } = labels;
    if (workflow === undefined || run === undefined) continue;
    if (running.runs.has(nameRun(workflow, run))) continue;
    if (isDryRun || (await backend.removeRun(id))) names.push(labels.cell ?? labels.kernel ?? id);
  }
  return { what: 'builds of ended runs', count: names.length, names: names.slice(0, SHOWN_NAMES) };
}

/** What decides whether a buildroot goes. */
export interface BuildrootRule {
  readonly look: Omit<IdleLook, 'graceMs'>;
  /** `<stream>/<release>` of each kernel that is kept built. */
  readonly keptKernels: ReadonlySet<string>;
  /** A buildroot of such a kernel goes after so long without a build. */
  readonly unusedMs: number;
  /** One of any other kernel after so long. */
  readonly graceMs: number;
}

/** Removes buildroots of kernels that are not kept built any more, and such as no build has used for long. */
export async function reapBuildroots(
  backend: BuildBackend,
  homeId: string,
  { look, keptKernels, unusedMs, graceMs }: BuildrootRule,
): Promise<UpkeepRemoval> {
  const uses = new Map((await backend.listBuildroots()).map((use) => [use.digest, use]));
  const found = new Map([...uses.values()].map(({ digest, token }) => [digest, token]));
  const isKept = (digest: string): boolean => keptKernels.has(uses.get(digest)?.kernel ?? '');
  const ripe = await findRipe(found, {
    ...look,
    graceMs: (digest) => (isKept(digest) ? unusedMs : graceMs),
  });
  const removed: { readonly use: BuildrootUse; readonly freedBytes?: number }[] = [];
  for (const digest of ripe) {
    const use = uses.get(digest);
    if (use === undefined) continue;
    const freed = look.isDryRun ? {} : await backend.removeBuildroot(use, homeId);
    if (freed) removed.push({ use, ...freed });
  }
  return {
    what: 'buildroots that no build has used',
    count: removed.length,
    freedBytes: removed.reduce((sum, { freedBytes = 0 }) => sum + freedBytes, 0),
    names: removed
      .slice(0, SHOWN_NAMES)
      .map(({ use }) => `${use.kernel} ${use.digest.slice(0, 16)}`),
  };
}
