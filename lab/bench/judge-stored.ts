import { readdirSync } from 'node:fs';
import { openContentStore } from '../../activities/content-store.ts';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { openRecords } from '../../activities/records.ts';
import { openSymversReader } from '../../activities/symvers-reader.ts';
import type { StoredFile } from '../../model/store.ts';
import { assemblePlan } from '../../plan/assemble-plan.ts';
import { peakMegabytes } from './peak-memory.ts';

// Judges the kmods of a data directory for each of the given symvers files, as planKernel does, and
// prints how long it took: node judge-stored.ts <home> <donor release> <sha256:size>...

const [home = '', donor = '', ...files] = process.argv.slice(2);
const startedAt = performance.now();
const data = layOutDataDirectory(home);
const store = openContentStore(data.store);
const records = openRecords(data, store);
const readSymvers = openSymversReader(store);
const counts: Record<string, number> = {};
const perKernelMs: number[] = [];
for (const file of files) {
  const before = performance.now();
  const [sha256 = '', size] = file.split(':');
  const symversFile: StoredFile = { sha256, sizeBytes: Number(size) };
  const known = await records.readKernel({ stream: 'bench', release: donor });
  if (!known) throw new Error(`no kernel ${donor} in ${home}`);
  const donorsOf = await records.openDonors(known);
  const kmods = readdirSync(`${data.cellsOf('bench')}/${donor}`).map((name) => name.slice(0, -5));
  const plan = assemblePlan({
    stream: { name: 'bench', target: 'bench', repository: 'bench' },
    kernel: { ...known, release: 'the-judged-kernel' },
    symvers: await readSymvers(symversFile),
    kmods: kmods.map((name) => ({
      kmod: {
        ...{ name, dialect: 'elrepo', streams: ['bench'], required: false },
        source: { kind: 'srpm', path: '' } as const,
      },
      ...{ sourceDigest: 's', inputDigest: 'i', bindsToOneKernel: false },
      donors: donorsOf(name),
    })),
    forced: [],
  });
  for (const { verdict } of plan.cells) counts[verdict.kind] = (counts[verdict.kind] ?? 0) + 1;
  perKernelMs.push(performance.now() - before);
}
const totalMs = performance.now() - startedAt;
console.log(JSON.stringify({ totalMs, perKernelMs, peakMegabytes: peakMegabytes(), counts }));
