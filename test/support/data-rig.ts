import { type ContentStore, openContentStore } from '../../activities/content-store.ts';
import { type DataDirectory, layOutDataDirectory } from '../../activities/data-directory.ts';
import {
  type ForeignBuildReader,
  openForeignBuildReader,
} from '../../activities/foreign-builds.ts';
import {
  type KernelOptionsReader,
  openKernelOptionsReader,
} from '../../activities/kernel-options.ts';
import { type KmodReader, openKmodReader } from '../../activities/kmod-source.ts';
import { openRecords, type Records } from '../../activities/records.ts';
import type { FailureSettings } from '../../model/failure-memory.ts';
import type { Keep, Settings, SigningSettings, Stream } from '../../model/settings.ts';
import { LIMITS, TARGET } from '../containers/backend-rig.ts';
import { makeScratch, type Scratch } from './scratch.ts';

/** A data directory of a test's own, with a clock that stands. */
export interface DataRig extends AsyncDisposable {
  readonly scratch: Scratch;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly records: Records;
  /** Nobody else has built anything. */
  readonly readForeignBuilds: ForeignBuildReader;
  readonly readKmod: KmodReader;
  readonly readKernelOptions: KernelOptionsReader;
  /** What the reader of kmods reported. */
  readonly reports: readonly string[];
  readonly now: () => Date;
  readonly onChange: () => void;
  /** How often {@link onChange} was called. */
  changeCount(): number;
}

export const NOW = '2026-11-23T12:00:00.000Z';

export async function makeDataRig(): Promise<DataRig> {
  const scratch = await makeScratch();
  const data = layOutDataDirectory(scratch.at('home'));
  const store = openContentStore(data.store);
  let changes = 0;
  const reports: string[] = [];
  return {
    scratch,
    data,
    store,
    records: openRecords(data, store),
    readForeignBuilds: openForeignBuildReader([]),
    readKmod: openKmodReader({
      ...{ data, store },
      now: () => new Date(NOW),
      report: (sentence) => reports.push(sentence),
    }),
    readKernelOptions: openKernelOptionsReader(data, store),
    reports,
    now: () => new Date(NOW),
    onChange: () => {
      changes += 1;
    },
    changeCount: () => changes,
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

/** The key that a data directory makes for itself. */
const SIGNING: SigningSettings = { otherKeys: [], process: 'own' };

/** The stream `lab` in Red Hat's layout. */
export function streamOf(changes: Partial<Stream> = {}): Stream {
  return {
    name: 'lab',
    title: 'Lab',
    urls: [],
    arch: 'x86_64',
    family: { core: 'kernel-core', devel: 'kernel-devel', flavours: ['default'] },
    trust: { gpgKeys: [], gpgCheck: false, repoGpgCheck: false },
    pollIntervalMs: 900_000,
    staleAfterMs: 3_600_000,
    maxLost: 1,
    target: TARGET.name,
    repository: 'kmods',
    keepKernels: 3,
    ...changes,
  };
}

const DAY_MS = 24 * 60 * 60_000;

/** What a repository keeps by default. */
export const KEEP: Keep = {
  snapshotCount: 20,
  historyMs: 14 * DAY_MS,
  buildCount: 3,
  goneMs: 30 * DAY_MS,
  graceMs: 3 * DAY_MS,
};

/** What is done about failures by default. */
export const FAILURES: FailureSettings = {
  rememberMs: 7 * DAY_MS,
  retryMs: 5 * 60_000,
  longestRetryMs: 60 * 60_000,
  breakAfter: 3,
};

/** Settings with the stream `lab`, its target and the repository `kmods`. */
export function settingsOf(changes: Partial<Settings> = {}): Settings {
  return {
    streams: [streamOf()],
    targets: [TARGET],
    kmods: [],
    repositories: [{ name: 'kmods', keep: KEEP }],
    limits: LIMITS,
    temporal: { namespace: 'default', port: 7233, uiPort: 8233 },
    server: { host: '127.0.0.1', port: 8470 },
    signing: SIGNING,
    sources: { pollIntervalMs: 900_000, staleAfterMs: 3_600_000 },
    upkeep: {
      intervalMs: 3_600_000,
      graceMs: DAY_MS,
      unusedMs: 14 * DAY_MS,
      forgetMs: 30 * DAY_MS,
    },
    failures: FAILURES,
    retention: {
      historyMs: 30 * DAY_MS,
      logCount: 10,
      logAgeMs: 90 * DAY_MS,
      logBytes: 2 * 1024 ** 3,
    },
    metrics: { serve: 'loopback', temporal: true },
    log: { format: 'text', level: 'info' },
    ...changes,
  };
}
