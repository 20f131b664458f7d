import { join } from 'node:path';
import type { KernelKey } from '../../model/kernel.ts';
import type { Settings, Stream } from '../../model/settings.ts';
import type { UpkeepRemoval } from '../../model/upkeep.ts';
import { findForgettableKernels } from '../../plan/find-forgettable-kernels.ts';
import { findGatedKernels } from '../../plan/find-gated-kernels.ts';
import type { DataDirectory } from '../data-directory.ts';
import { listNames } from '../list-names.ts';
import type { Records } from '../records.ts';
import { listSnapshots, pathOfSnapshot } from '../snapshot/snapshot-place.ts';
import { readSnapshotContent } from '../snapshot/snapshot-records.ts';
import { findRipe, type IdleLook } from './idle-record.ts';
import { listLostKernels, removeKernelRecords } from './kernel-records.ts';

/** What forgetting kernels depends on. */
export interface ForgetDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly records: Records;
  /** Workflow ids of what runs: a kernel that is worked on stays. */
  readonly workflowIds: ReadonlySet<string>;
}

/** What packages of all snapshots are there for. */
interface Published {
  readonly kernels: readonly KernelKey[];
  readonly files: ReadonlySet<string>;
}

const SHOWN_NAMES = 5;

/** Removes the records of kernels that nobody needs any more; see {@link findForgettableKernels}. */
export async function forgetKernels(deps: ForgetDeps, look: IdleLook): Promise<UpkeepRemoval> {
  const published = await readPublished(deps.data);
  const found = new Map<string, string>();
  for (const stream of deps.settings.streams) {
    for (const release of await findForgettable(stream, published, deps)) {
      found.set(JSON.stringify([stream.name, release]), '');
    }
  }
  const ripe = await findRipe(found, look);
  const keys = ripe.map((name) => parseKey(name));
  for (const key of look.isDryRun ? [] : keys) await removeKernelRecords(deps.data, key);
  return {
    what: 'kernels that nobody has any more',
    count: keys.length,
    names: keys.slice(0, SHOWN_NAMES).map(({ stream, release }) => `${stream} ${release}`),
  };
}

async function findForgettable(
  stream: Stream,
  published: Published,
  { data, records, workflowIds }: ForgetDeps,
): Promise<readonly string[]> {
  const { name, keepKernels } = stream;
  const record = await records.readStream(name);
  const gate = stream.gate && (await records.readGate(name));
  const forgettable = findForgettableKernels({
    stream: { name, keepKernels },
    kernels: await records.listKernels(name),
    gone: new Set(Object.keys(record?.goneSince ?? {})),
    gated: gate ? findGatedKernels(gate) : new Set(),
    cells: await records.listCells(name),
    published: published.kernels,
    publishedFiles: published.files,
  });
  const all = [...forgettable, ...(await listLostKernels(data, name))];
  // Ids end with the release, whatever they are about.
  return all.filter(
    (release) => ![...workflowIds].some((id) => id.endsWith(`/${name}/${release}`)),
  );
}

async function readPublished({ repositories }: DataDirectory): Promise<Published> {
  const kernels: KernelKey[] = [];
  const files = new Set<string>();
  for (const repository of await listNames(repositories)) {
    const directory = join(repositories, repository);
    for (const snapshot of await listSnapshots(directory)) {
      const content = await readSnapshotContent(pathOfSnapshot(directory, snapshot));
      for (const { fileName, cell } of [...content.packages, ...content.withheld]) {
        files.add(fileName);
        if (cell) kernels.push(cell);
      }
    }
  }
  return { kernels, files };
}

function parseKey(name: string): KernelKey {
  const [stream = '', release = '']: readonly string[] = JSON.parse(name);
  return { stream, release };
}
