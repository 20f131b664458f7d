import type { GrowthBound } from './judge-growth.ts';

const HEAP = 'noise of the garbage collector, which gives nothing back by itself';
const STATE =
  'kernels in retention become more where a mirror keeps them all; the rest comes and goes';
const FIXED = 'the same files, written anew';
const HISTORY =
  'Temporal keeps what has ended for 30 real days, which cannot be made shorter than an hour';

function files(what: string, perDay: number, because: string): GrowthBound {
  return { what: `${what} files`, unit: '', perDay, because };
}

/**
 * What may grow by how much, and why. Memory is that of processes that live through the whole second half; folders
 * are those of the data directory.
 */
export const GROWTH_BOUNDS: readonly GrowthBound[] = [
  { what: 'worker memory', unit: 'MB', perDay: 2, because: HEAP },
  { what: 'worker heap', unit: 'MB', perDay: 0.25, because: 'what belongs to compiled code' },
  {
    what: 'worker code',
    unit: 'MB',
    perDay: 0.25,
    because: 'compiled when it is run often enough',
  },
  { what: 'worker threads heap', unit: 'MB', perDay: 0.5, because: 'compiled code' },
  { what: 'worker buffers', unit: 'MB', perDay: 0.1, because: 'noise' },
  { what: 'signer memory', unit: 'MB', perDay: 1, because: HEAP },
  { what: 'Temporal memory', unit: 'MB', perDay: 1, per: { look: 0.05 }, because: HISTORY },
  { what: 'worker open files', unit: '', perDay: 0.5, because: 'connections come and go' },
  { what: 'signer open files', unit: '', perDay: 0.5, because: 'connections come and go' },
  { what: 'Temporal open files', unit: '', perDay: 0.5, because: 'connections come and go' },
  {
    what: 'temporal size',
    unit: 'KiB',
    perDay: 0,
    per: { look: 60, build: 300 },
    because: HISTORY,
  },
  files('temporal', 0.1, FIXED),
  { ...files('store', 2, STATE), per: { retained: 9 } },
  { what: 'store size', unit: 'KiB', perDay: 50, because: STATE },
  files('repositories', 5, STATE),
  { what: 'repositories size', unit: 'KiB', perDay: 50, because: STATE },
  { ...files('kernels', 0.25, STATE), per: { retained: 1 } },
  { ...files('plans', 0.25, STATE), per: { retained: 1 } },
  { ...files('rollouts', 0.25, STATE), per: { retained: 1 } },
  { ...files('cells', 0.5, STATE), per: { retained: 3 } },
  {
    ...files(
      'build-numbers',
      0,
      'the number of a build is never given twice, so it is never forgotten',
    ),
    per: { build: 1 },
  },
  {
    ...files(
      'logs',
      0,
      'logs of builds stay for a real day at least, which cannot be made shorter',
    ),
    per: { build: 2 },
  },
  files('signing', 1, 'signed files wait until a publisher lets go of its history: a dozen builds'),
  {
    what: 'signing size',
    unit: 'KiB',
    perDay: 0,
    per: { build: 20 },
    because: 'the log of signatures',
  },
  files('scratch', 0.1, 'nothing is left between builds'),
  files('status', 0.1, FIXED),
  files('streams', 0.1, FIXED),
  files('gates', 0.1, FIXED),
  files('cache', 0.1, FIXED),
  files('upkeep', 0.1, FIXED),
  files('quarantine', 0.5, 'evidence of the last looks that were not believed'),
  files('run', 0.1, FIXED),
  { what: 'temporary entries', unit: '', perDay: 0.1, because: 'nothing is left' },
  { what: 'containers', unit: '', perDay: 0, because: 'the fast backend has none' },
];
