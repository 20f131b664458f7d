import { readStreamLists } from '../activities/stream-lists.ts';
import type { BuildBackend } from '../containers/backend.ts';
import { RekmodError } from '../model/errors.ts';
import type { ReloadEnd } from '../model/reload.ts';
import type { Settings } from '../model/settings.ts';
import { compareSettings, keepStartingSections } from '../report/compare-settings.ts';
import { listBackends } from './build-backend.ts';
import { type CommandContext, openContext } from './context.ts';
import { digestSettings, writeReloadAnswer, writeRunning } from './running-settings.ts';

/** What is made of one reading of the configuration. */
export interface Generation {
  readonly context: CommandContext;
  readonly backend: BuildBackend;
}

/** The configuration that a running rekmod works by. */
export interface LiveSettings {
  current(): Generation;
  /** Reads the file again and has everything work by it; says on the record how that went. Never throws. */
  reload(): Promise<ReloadEnd>;
}

/** Who works by the configuration. */
export interface LiveOptions {
  readonly first: Generation;
  readonly now: () => Date;
  /** Starts what builds, where other targets want other backends. */
  readonly startBackend: (settings: Settings, root: string) => Promise<BuildBackend>;
  /** Has everything that runs work by another generation; may be called again with the same. */
  readonly apply: (generation: Generation, before: Settings) => Promise<void>;
}

/**
 * Keeps the configuration that runs, and takes another one without a restart: what is wrong with a file is found
 * before anything has changed, and builds that run end with the settings that they began with.
 */
export async function openLiveSettings(options: LiveOptions): Promise<LiveSettings> {
  const { first, now, apply } = options;
  const { data, configFile } = first.context;
  let current = first;
  let count = 0;
  let last: Promise<unknown> = Promise.resolve();
  /** What runs by now; sections that need a restart are those of the start. */
  const remember = async (): Promise<void> => {
    const { settings } = current.context;
    await writeRunning(data, { configFile, loadedAt: now().toISOString(), settings });
  };

  async function take(): Promise<{ readonly end: ReloadEnd; readonly settingsDigest?: string }> {
    const at = now().toISOString();
    try {
      const { generation, wanted } = await openGeneration(current, options);
      const settingsDigest = digestSettings(wanted);
      const changes = compareSettings(current.context.settings, wanted);
      try {
        await apply(generation, current.context.settings);
      } catch (error) {
        const reason = `Cannot have everything work by "${configFile}": ${describe(error)}; what begins now may use it, "rekmod reload" does the rest`;
        return { settingsDigest, end: { kind: 'refused', at, reason } };
      } finally {
        // Part of it may work by them already; the next reload applies all of them again.
        current = generation;
        await remember();
      }
      return { settingsDigest, end: { kind: 'taken', at, changes } };
    } catch (error) {
      return { end: { kind: 'refused', at, reason: describe(error) } };
    }
  }

  async function reload(): Promise<ReloadEnd> {
    const { end, ...facts } = await take();
    count += 1;
    await writeReloadAnswer(data, { number: count, ...facts, end });
    return end;
  }

  await remember();
  return {
    current: () => current,
    reload() {
      const turn = last.then(reload);
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

/** Reads the file; nothing that runs is touched. */
async function openGeneration(
  { context: { settings: running }, backend }: Generation,
  { first, startBackend }: LiveOptions,
): Promise<{ readonly generation: Generation; readonly wanted: Settings }> {
  const context = await openContext({ config: first.context.configFile });
  const { settings: wanted, data } = context;
  for (const stream of wanted.streams) await readStreamLists(stream);
  const settings = keepStartingSections(running, wanted);
  const started = listBackends(running);
  const isStarted = [...listBackends(wanted)].every((kind) => started.has(kind));
  return {
    wanted,
    generation: {
      context: { ...context, settings },
      // One that runs knows what it is preparing just now; it is asked for the settings each time.
      backend: isStarted ? backend : await startBackend(settings, data.root),
    },
  };
}

/** Anything but our own errors is a bug or Temporal's; it must not end what runs. */
function describe(error: unknown): string {
  if (error instanceof RekmodError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
