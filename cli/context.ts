import { join } from 'node:path';
import { type ContentStore, openContentStore } from '../activities/content-store.ts';
import { type DataDirectory, layOutDataDirectory } from '../activities/data-directory.ts';
import { type ForeignBuildReader, openForeignBuildReader } from '../activities/foreign-builds.ts';
import { type KernelOptionsReader, openKernelOptionsReader } from '../activities/kernel-options.ts';
import { type KmodReader, openKmodReader } from '../activities/kmod-source.ts';
import { openRecords, type Records } from '../activities/records.ts';
import type { Freshness } from '../activities/sources/choose-pin.ts';
import { openSymversReader, type SymversReader } from '../activities/symvers-reader.ts';
import { dataDirectory } from '../config/data-directory.ts';
import { findConfig } from '../config/find-config.ts';
import { loadSettings } from '../config/load-settings.ts';
import type { Settings } from '../model/settings.ts';
import { requireDataFormat } from './data-format.ts';
import { remark } from './terminal.ts';

/** What every command begins with. */
export interface CommandContext {
  readonly configFile: string;
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly records: Records;
  readonly readSymvers: SymversReader;
  readonly readForeignBuilds: ForeignBuildReader;
  readonly readKmod: KmodReader;
  readonly readKernelOptions: KernelOptionsReader;
  readonly now: () => Date;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly config?: string;
  /** How new sources that lie elsewhere must be; `known` for commands that only tell. */
  readonly freshness?: Freshness;
}

/** Opens the configuration and the data directory, without changing either. */
export async function openContext(options: CommonOptions): Promise<CommandContext> {
  const configFile = await findConfig({
    explicitPath: options.config,
    environment: process.env,
    workingDirectory: process.cwd(),
  });
  const settings = await loadSettings(configFile);
  const now = (): Date => new Date();
  const data = layOutDataDirectory(dataDirectory(process.env));
  await requireDataFormat(data.root);
  const store = openContentStore(data.store);
  return {
    configFile,
    settings,
    data,
    store,
    records: openRecords(data, store),
    readSymvers: openSymversReader(store),
    readForeignBuilds: openForeignBuildReader(settings.kmods),
    readKmod: openKmodReader({
      ...{ data, store, report: remark },
      now,
      ...(options.freshness === undefined ? {} : { freshness: options.freshness }),
    }),
    readKernelOptions: openKernelOptionsReader(data, store),
    now,
  };
}

/** Where set-up caches what it built: `REKMOD_CACHE`, else `$XDG_CACHE_HOME/rekmod`, `~/.cache/rekmod`. */
export function cacheDirectory(): string {
  const { REKMOD_CACHE, XDG_CACHE_HOME, HOME = '/' } = process.env;
  return REKMOD_CACHE ?? join(XDG_CACHE_HOME ?? join(HOME, '.cache'), 'rekmod');
}
