import { execFile } from 'node:child_process';
import { link, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { openContentStore } from '../../activities/content-store.ts';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { findProgram } from '../../activities/find-program.ts';
import { openRecords } from '../../activities/records.ts';
import { closeSigningKey, openSigningKey } from '../../activities/signing-key.ts';
import { changeRepository } from '../../activities/snapshot/change-repository.ts';
import {
  decidePublication,
  type PublishedPackage,
} from '../../activities/snapshot/decide-publication.ts';
import { cacheDirectory } from '../read-lab.ts';
import { makeTinyRpms, type TinyRpm } from '../tiny-rpms.ts';
import { describeFigures } from './figures.ts';

// Measures in one run what one more package costs: a publication with everything that belongs to it (links,
// metadata, signature, what lingers, reading back by rekmod and by dnf, records, flip, expiry) against
// createrepo_c --update of the same packages alone, in turn.

const SIZES = [500, 5000];
const { values } = parseArgs({ options: { reps: { type: 'string', default: '7' } } });
const repCount = Number(values.reps);
const run = promisify(execFile);
const directory = await mkdtemp(join(tmpdir(), 'rekmod-bench-'));
const data = layOutDataDirectory(join(directory, 'home'));
const store = openContentStore(data.store);
const records = openRecords(data, store);
const key = await openSigningKey({}, data);
const dnf = await findProgram('dnf', process.env.PATH ?? '');
const DAY_MS = 24 * 60 * 60_000;
const keep = {
  ...{ snapshotCount: 3, historyMs: DAY_MS, buildCount: 3 },
  ...{ goneMs: DAY_MS, graceMs: 3 * DAY_MS },
};

/** Milliseconds of each run. */
interface Readings {
  readonly publish: readonly number[];
  /** With its sqlite files, as it does by default. */
  readonly createrepo: readonly number[];
  readonly createrepoWithoutDatabase: readonly number[];
}

try {
  const most = Math.max(...SIZES);
  const made = join(cacheDirectory(), 'bench', 'tiny-rpms');
  const rpms = await makeTinyRpms(made, { count: most + repCount });
  for (const size of SIZES) report(size, await measure(size, rpms));
} finally {
  await closeSigningKey(key);
  await rm(directory, { recursive: true, force: true });
}

async function measure(size: number, rpms: readonly TinyRpm[]): Promise<Readings> {
  const name = `size-${size}`;
  const first = rpms.slice(0, size);
  const more = rpms.slice(size, size + repCount);
  await publish(name, await addAll(first));
  const plain = join(directory, 'plain', name);
  const bare = join(directory, 'bare', name);
  for (const [path, options] of [
    [plain, []],
    [bare, ['--no-database']],
  ] as const) {
    await linkAll(first, path);
    await run('createrepo_c', ['--quiet', ...options, path]);
  }
  const readings = { publish: [], createrepo: [], createrepoWithoutDatabase: [] as number[] };
  for (const rpm of more) {
    const [file] = await addAll([rpm]);
    if (!file) throw new Error('BUG: no package');
    await time(readings.publish, () => publish(name, [file]));
    await linkAll([rpm], plain);
    await time(readings.createrepo, () => run('createrepo_c', ['--quiet', '--update', plain]));
    await linkAll([rpm], bare);
    const argv = ['--quiet', '--update', '--no-database', bare];
    await time(readings.createrepoWithoutDatabase, () => run('createrepo_c', argv));
  }
  return readings;
}

async function time(readings: number[], work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await work();
  readings.push(performance.now() - startedAt);
}

async function addAll(rpms: readonly TinyRpm[]): Promise<readonly PublishedPackage[]> {
  const files: PublishedPackage[] = [];
  for (const { path, fileName, nevra } of rpms) {
    const cell = { stream: 'lab', release: '6.1.0-1', kmod: nevra.name };
    files.push({ fileName, nevra, cell, ...(await store.addFile(path)) });
  }
  return files;
}

/** What the activity does, without the worker around it. */
async function publish(name: string, packages: readonly PublishedPackage[]): Promise<void> {
  const place = {
    ...{ name, title: name, baseUrl: 'http://127.0.0.1:8470' },
    directory: join(data.repositories, name),
  };
  const now = (): Date => new Date();
  const context = { ...place, keep, records, now: now().toISOString() };
  const { signal } = new AbortController();
  await changeRepository(place, (served) => decidePublication(served, packages, context), {
    ...{ store, key, now, keep, signal },
    ...(dnf === undefined ? {} : { dnf }),
  });
}

async function linkAll(rpms: readonly TinyRpm[], path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  // The cache may lie on another file system than the readings; the store does not.
  for (const rpm of rpms) {
    const [file] = await addAll([rpm]);
    if (file) await link(await store.require(file), join(path, rpm.fileName));
  }
}

function report(size: number, readings: Readings): void {
  const { publish: own, createrepo, createrepoWithoutDatabase: bare } = readings;
  const ratio = (others: readonly number[]): string => {
    const ratios = own.map((reading, index) => reading / (others[index] ?? Number.NaN));
    return describeFigures(ratios, 2);
  };
  console.log(`
${size} packages and one more; min / median / max of ${own.length}${dnf === undefined ? ', without dnf' : ''}
a publication, ms             ${describeFigures(own, 0)}
createrepo_c --update, ms     ${describeFigures(createrepo, 0)}
the same without sqlite, ms   ${describeFigures(bare, 0)}
publication ÷ createrepo_c    ${ratio(createrepo)}   (aim: at most 2)
publication ÷ without sqlite  ${ratio(bare)}`);
}
