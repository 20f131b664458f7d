import { execFile } from 'node:child_process';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CAUSE_COUNTS, CAUSES, type Cause, type GrowthSample } from './judge-growth.ts';
import type { MonthWorld } from './month-world.ts';

const run = promisify(execFile);
const KIB = 1024;

/** Measures everything that might grow: processes, files by folder, containers. */
export async function takeSample(
  day: number,
  month: MonthWorld,
  counts: Readonly<Record<Cause, number>>,
): Promise<GrowthSample> {
  const { world, temporary } = month;
  const figures: Record<string, number> = Object.fromEntries(
    CAUSES.map((cause) => [CAUSE_COUNTS[cause], counts[cause]]),
  );
  const processes = await findProcesses(world.pid ?? 0, world.home);
  const heap = await month.askHeap();
  figures['worker heap'] = heap.main / KIB / KIB;
  figures['worker code'] = heap.code / KIB / KIB;
  figures['worker threads heap'] = heap.threads / KIB / KIB;
  figures['worker buffers'] = heap.external / KIB / KIB;
  for (const [name, pid] of processes) {
    figures[`${name} memory`] = await readMemoryMegabytes(pid);
    figures[`${name} open files`] = (await listOrNothing(`/proc/${pid}/fd`)).length;
  }
  for (const folder of await listOrNothing(world.home)) {
    const { files, bytes } = await measure(join(world.home, folder), new Set());
    figures[`${folder} files`] = files;
    figures[`${folder} size`] = bytes / KIB;
  }
  figures['temporary entries'] = (await listOrNothing(temporary)).length;
  figures.containers = await countContainers(world.home);
  return { day, figures };
}

async function findProcesses(
  worker: number,
  home: string,
): Promise<readonly (readonly [name: string, pid: number])[]> {
  const children = await readFile(`/proc/${worker}/task/${worker}/children`, 'utf8').catch(
    () => '',
  );
  const found: (readonly [string, number])[] = [['worker', worker]];
  for (const pid of children.trim().split(' ').map(Number)) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.split('\0').includes('signer')) found.push(['signer', pid]);
  }
  const mark = await readFile(join(home, 'temporal', 'server.pid'), 'utf8').catch(() => '{}');
  const { pid }: { pid?: number } = JSON.parse(mark);
  if (pid !== undefined) found.push(['Temporal', pid]);
  return found;
}

async function readMemoryMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / KIB;
}

/** A file with several links is there once. */
async function measure(
  path: string,
  seen: Set<number>,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const found = await lstat(path).catch(() => undefined);
  if (!found || seen.has(found.ino)) return { files: 0, bytes: 0 };
  if (!found.isDirectory()) {
    seen.add(found.ino);
    return { files: 1, bytes: found.size };
  }
  let files = 0;
  let bytes = 0;
  for (const name of await listOrNothing(path)) {
    const inner = await measure(join(path, name), seen);
    files += inner.files;
    bytes += inner.bytes;
  }
  return { files, bytes };
}

async function listOrNothing(path: string): Promise<readonly string[]> {
  return await readdir(path).catch(() => []);
}

/** None are expected of the fast backend; an engine that is not there has none. */
async function countContainers(home: string): Promise<number> {
  const id = await readFile(join(home, 'home-id'), 'utf8').catch(() => 'nobody');
  const filter = `label=io.rekmod.home=${id.trim()}`;
  try {
    const { stdout } = await run('docker', ['ps', '--all', '--quiet', '--filter', filter]);
    return stdout.split('\n').filter((line) => line !== '').length;
  } catch {
    return 0;
  }
}
