import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MockUnusableError } from '../../model/mock-errors.ts';
import type { BuildBackend, Buildroot, Labels, PrepareRequest, RunControl } from '../backend.ts';
import { requireReachable } from '../require-readable.ts';
import { sharePreparations } from '../share-preparations.ts';
import { readTargetKeys } from '../target-keys.ts';
import { buildInRoot } from './build-in-root.ts';
import { chooseIsolation } from './choose-isolation.ts';
import type { MockProgram } from './find-mock.ts';
import { openMockRoots } from './mock-roots.ts';
import { digestRoot, prepareRoot, type RootJob } from './prepare-root.ts';
import { readStartTime, signalGroup } from './process-group.ts';
import { type PreparedRoot, placeRoot, readPrepared, toBuildrootId } from './root-store.ts';
import { openRuns, type RunRecord } from './runs.ts';
import { cleanRoot } from './session.ts';
import { readStockRoot } from './stock-root.ts';

/** What the backend works with. */
export interface MockBackendDeps {
  readonly program: MockProgram;
  /** A directory of this backend's alone, which mock's unprivileged user can enter. */
  readonly directory: string;
  /** Milliseconds of a clock that never jumps, as `performance.now`. */
  readonly now: () => number;
}

/** Builds in roots of mock's; a buildroot is a configuration of its own with a cached root. */
export function createMockBackend({ program, directory, now }: MockBackendDeps): BuildBackend {
  const rootsDirectory = join(directory, 'roots');
  const runs = openRuns(join(directory, 'runs'));
  const share = sharePreparations();

  async function prepare({ target, ...rest }: PrepareRequest, run: RunControl): Promise<Buildroot> {
    if (target.backend !== 'mock') throw new Error('BUG: a target of another backend');
    const request = { ...rest, target };
    const isolation = chooseIsolation(target.isolation, program.isolation);
    if (isolation.kind === 'unusable') {
      throw new MockUnusableError(isolation.problem, isolation.remedy);
    }
    const stock = await readStockRoot(program.configDirectory, target);
    await mkdir(directory, { recursive: true });
    if (program.account.environment.SUDO_UID !== undefined) await requireReachable(directory);
    const keys = await readTargetKeys(target);
    const digest = digestRoot({ request, stock, isolation, keys });
    const place = placeRoot(rootsDirectory, digest);
    const job = { request, program, runs, stock, isolation, keys, digest, place };
    return await share(digest, run, () => findOrMakeRoot(job, run));
  }

  async function findOrMakeRoot(job: RootJob, run: RunControl): Promise<Buildroot> {
    const found = await readPrepared(job.place);
    const isReused = found?.digest === job.digest;
    const root = isReused ? found : await prepareRoot(job, run);
    return describeBuildroot(job, root, isReused);
  }

  async function removeLeftovers(labels: Labels): Promise<number> {
    const wanted = Object.entries(labels);
    let count = 0;
    for (const record of await runs.list()) {
      if (!wanted.every(([name, value]) => record.labels[name] === value)) continue;
      await endRun(record);
      count += 1;
    }
    return count;
  }

  /** What cannot be cleaned is left for the next time, with its record. */
  async function endRun(record: RunRecord): Promise<void> {
    await endLeader(record);
    if (await cleanRoot(program, record)) await runs.remove(record.id);
  }

  const roots = openMockRoots({ program, runs, rootsDirectory, directory });
  const context = { program, runs, rootsDirectory, now };
  return {
    async prepare(request, run) {
      const buildroot = await prepare(request, run);
      await roots.use(buildroot, request.labels);
      return buildroot;
    },
    async build(request, run) {
      await roots.use(request.buildroot, request.labels);
      return await buildInRoot(context, request, run);
    },
    removeLeftovers,
    async listRuns(home) {
      const found = (await runs.list()).filter(({ labels }) => labels.home === home);
      return found.map(({ id, labels }) => ({ id, labels }));
    },
    async removeRun(id) {
      const record = (await runs.list()).find((run) => run.id === id);
      if (record) await endRun(record);
      return record !== undefined;
    },
    listBuildroots: roots.list,
    removeBuildroot: roots.remove,
  };
}

function describeBuildroot(
  { place, digest }: RootJob,
  { toolchain }: PreparedRoot,
  isReused: boolean,
): Buildroot {
  return { id: toBuildrootId(place), digest, isReused, toolchain };
}

/** Ends a run whose worker was killed; `mock --clean` ends those that mock itself left behind. */
async function endLeader({ leader }: RunRecord): Promise<void> {
  if (leader === undefined) return;
  if ((await readStartTime(leader.pid)) === leader.startTime) signalGroup(leader.pid, 'SIGKILL');
}
