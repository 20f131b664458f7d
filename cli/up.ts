import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NativeConnection } from '@temporalio/worker';
import { openRemoteKey } from '../activities/ask-signer.ts';
import { openContentStore } from '../activities/content-store.ts';
import { findProgram } from '../activities/find-program.ts';
import { gatherStatus } from '../activities/gather-status.ts';
import { gatherAlive } from '../activities/gather-watch.ts';
import { placeOf } from '../activities/publish.ts';
import type { RoomRule } from '../activities/room.ts';
import { openSteadyClock } from '../activities/steady-clock.ts';
import { tidyLogs } from '../activities/tidy-logs.ts';
import type { BuildBackend } from '../containers/backend.ts';
import type { EnginePatience } from '../containers/find-engine.ts';
import type { ReloadEnd } from '../model/reload.ts';
import type { Settings } from '../model/settings.ts';
import type { StatusReport } from '../model/status.ts';
import { listChangedKmods } from '../report/compare-settings.ts';
import { describeOutcome } from '../report/describe-verdict.ts';
import { listActiveRebuilds } from './active-rebuilds.ts';
import { startAliveWriter } from './alive-writer.ts';
import { CleanupStack } from './cleanup-stack.ts';
import { configureWorkflows } from './configure-workflows.ts';
import { type CommandContext, cacheDirectory } from './context.ts';
import { installRuntime } from './create-worker.ts';
import { markDataFormat } from './data-format.ts';
import { fromTimeToTime } from './from-time-to-time.ts';
import { requireHomeId } from './home-id.ts';
import { startFileServer } from './http-server.ts';
import { keepHistory } from './keep-history.ts';
import { type Generation, openLiveSettings } from './live-settings.ts';
import type { Log } from './log.ts';
import { type Metrics, openMetrics } from './metrics/open-metrics.ts';
import { chooseSdkMetrics, type SdkMetrics } from './metrics/sdk-metrics.ts';
import { openUpFacts } from './metrics/up-metrics.ts';
import { registerSearchAttributes } from './register-search-attributes.ts';
import { takeRunLock } from './run-lock.ts';
import { forgetRunning, lockFileOf } from './running-settings.ts';
import { applySchedules } from './schedules.ts';
import { boundServerLog } from './server-log.ts';
import { type ShrunkDatabase, shrinkDatabase } from './shrink-database.ts';
import { startSignerProcess, waitForPublicKeys } from './signer-process.ts';
import { type StatusWriter, startStatusWriter } from './status-writer.ts';
import { awaitClient, isExternal, loadTls, temporalAddress } from './temporal-connection.ts';
import { type EmbeddedServer, findTemporal, startTemporal } from './temporal-server.ts';
import { VERSION } from './version.ts';
import { watchWorkflows } from './watch-workflows.ts';
import { startWorkers, type WorkerDeps } from './workers.ts';
import { requireWorkflowBundle } from './workflow-bundle.ts';
import { workflowOptions } from './workflow-options.ts';

/** What is kept is counted in days. */
const TIDY_MS = 6 * 60 * 60_000;
/** A server that finds its disk full says so some hundred times a second. */
const BOUND_MS = 60_000;
/** How long the parts of others, which may just be starting too, are waited for. */
const PATIENCE_MS = 30_000;

/** A stamp that is missed once or twice, on a machine under load, is no alarm yet. */
const ALIVE_EVERY_MS = 30_000;
const ALIVE_HOLDS_MS = 120_000;

/** A running rekmod, all parts of it in or below this process. */
export interface Running {
  readonly serverUrl: string;
  readonly temporalAddress: string;
  /** Absent for a server of somebody else's. */
  readonly temporalUi?: string;
  /** Rejects when a part fails that cannot be replaced. */
  readonly failed: Promise<never>;
  /** Takes the configuration as its file says it now; see {@link LiveSettings}. */
  reload(): Promise<ReloadEnd>;
  /** Ends all parts in the reverse order of their start. */
  stop(): Promise<void>;
}

/** What a running rekmod is given besides its configuration. */
export interface UpParts {
  readonly log: Log;
  /** Starts what builds for the streams' targets; `root` is the data directory. */
  readonly startBackend: (
    settings: Settings,
    root: string,
    patience: EnginePatience,
  ) => Promise<BuildBackend>;
}

/** Starts everything that one machine needs. Whatever was started is ended when a later part fails. */
export async function startUp(context: CommandContext, parts: UpParts): Promise<Running> {
  const stack = new CleanupStack();
  try {
    return await startParts(context, stack, parts);
  } catch (error) {
    await stack.run();
    throw error;
  }
}

async function startParts(
  context: CommandContext,
  stack: CleanupStack,
  { log, startBackend }: UpParts,
): Promise<Running> {
  const { say, warn } = log;
  const { settings, data, configFile } = context;
  let metrics: Metrics | undefined;
  stack.defer(await takeRunLock(lockFileOf(data)));
  await markDataFormat(data.root);
  const backend = await startBackend(settings, data.root, { patienceMs: PATIENCE_MS, say });
  let latest: Generation = { context, backend };
  const server = await startFileServer(data, settings.server, () => {
    if (metrics === undefined) return undefined;
    const onError = (error: unknown): void => warn(`Cannot gather metrics: ${String(error)}`);
    return { settings: () => settings.metrics, read: metrics.read, onError };
  });
  stack.defer(() => server.close());
  const embedded = await startServer(context, stack, say);
  const { client, connection: control } = await awaitClient(settings.temporal, say);
  stack.defer(() => control.close());
  if (settings.signing.process === 'own') {
    const signer = await startSignerProcess(configFile, say);
    stack.defer(() => signer.stop());
  }
  const keys = await waitForPublicKeys(data, settings.signing, say);

  const homeId = await requireHomeId(data.root);
  const clock = await openSteadyClock(join(data.upkeep, 'clock.json'));
  const { now } = clock;
  // Nothing of this data directory can be running: the lock is ours.
  const leftovers = await backend.removeLeftovers({ home: homeId });
  if (leftovers > 0) say(`Removed ${leftovers} builds that a killed worker left behind`);
  await rm(data.scratch, { recursive: true, force: true });
  await mkdir(data.scratch, { recursive: true });

  const temporalUi = embedded && `${embedded.uiUrl}/namespaces/${settings.temporal.namespace}`;
  const watch = watchWorkflows(client, { say, onChange: () => status.changed() });
  stack.defer(() => watch.stop());
  const gather = async (): Promise<StatusReport> =>
    gatherStatus({
      ...latest.context,
      now,
      active: await listActiveRebuilds(client),
      repositoryUrl: (name) => placeOf({ ...latest.context, serverUrl: server.url }, name).baseUrl,
      stuck: watch.stuck() ?? [],
      ...(temporalUi === undefined ? {} : { temporalUi }),
    });
  const status: StatusWriter = startStatusWriter({
    directory: data.status,
    onError: (error) => warn(`Cannot write the status page: ${String(error)}`),
    gather,
  });
  stack.defer(() => status.stop());
  status.changed();

  const sdk = settings.metrics.temporal ? await chooseSdkMetrics() : undefined;
  const connection = await connectWorkers(settings, stack, { log, sdk });
  const facts = { client, gatherStatus: gather, hasOwnServer: embedded !== undefined };
  metrics = openMetrics({
    gather: openUpFacts({ ...facts, context: () => latest.context }),
    readSdk: sdk?.read,
  });
  const { countEnd } = metrics;
  const { namespace } = settings.temporal;
  const hasSearchAttributes = await registerSearchAttributes(control, namespace);
  if (!hasSearchAttributes) say('Temporal refused search attributes; lists cannot be filtered');
  const dnf = await findProgram('dnf', process.env.PATH ?? '');
  const toDeps = (generation: Generation): WorkerDeps => ({
    ...generation.context,
    backend: generation.backend,
    // An engine that is away says nothing of its images; what needs it will tell.
    findToolchain: async (target) =>
      await generation.backend.findToolchain?.(target).catch(() => undefined),
    homeId,
    ...keys,
    key: openRemoteKey(client, keys),
    signed: openContentStore(data.signed),
    version: VERSION,
    client,
    serverUrl: server.url,
    searchPath: process.env.PATH ?? '',
    ...(dnf === undefined ? {} : { dnf }),
    ...{ now, clock },
    onChange: status.changed,
    onEnd(end, writer) {
      countEnd(end);
      log.write('info', `Ended: ${describeOutcome(end.outcome)}`, writer);
    },
  });
  const bundle = await requireWorkflowBundle(data.cache);
  const room = roomRule(() => latest, say);
  const deps = toDeps(latest);
  const workers = await startWorkers({ connection, namespace, room, bundle, deps });
  stack.defer(() => workers.stop());
  const alive = startAliveWriter({
    directory: data.status,
    everyMs: ALIVE_EVERY_MS,
    gather: () =>
      gatherAlive({ ...latest.context, now: () => new Date(), holdsMs: ALIVE_HOLDS_MS }),
    onAlarm: status.changed,
    onError: (error) => warn(`Cannot write that rekmod is alive: ${String(error)}`),
  });
  stack.defer(() => alive.stop());

  async function arrange(wanted: Settings, changedKmods: readonly string[]): Promise<void> {
    const options = workflowOptions({ settings: wanted }, hasSearchAttributes);
    if (embedded) await keepHistory(control, namespace, wanted.retention.historyMs);
    // A rollout that ends just now is found not to have known a new kmod by the look that follows.
    await configureWorkflows(client, options, changedKmods);
    await applySchedules(client, wanted, { homeId, options });
  }

  await arrange(settings, []);
  const live = await openLiveSettings({
    first: latest,
    now: () => new Date(),
    startBackend: (wanted, root) => startBackend(wanted, root, { patienceMs: 0, say }),
    async apply(generation, before) {
      await workers.use(toDeps(generation));
      latest = generation;
      status.changed();
      const wanted = generation.context.settings;
      await arrange(wanted, listChangedKmods(before, wanted));
    },
  });
  stack.defer(() => forgetRunning(data));
  const tidy = async (): Promise<void> => {
    await tidyLogs({ ...latest.context, ...latest.context.settings, now });
  };
  stack.defer(fromTimeToTime(tidy, TIDY_MS));
  return {
    serverUrl: server.url,
    temporalAddress: temporalAddress(settings.temporal),
    ...(temporalUi === undefined ? {} : { temporalUi }),
    failed: Promise.race([workers.failed, ...(embedded ? [embedded.failed] : [])]),
    reload: live.reload,
    stop: () => stack.run(),
  };
}

/** Where builds and what they make take room, as configured at each moment. */
function roomRule(latest: () => Generation, say: Log['say']): RoomRule {
  return {
    get paths() {
      const { context, backend } = latest();
      return [context.data.root, ...(backend.places ?? [])];
    },
    get wanted() {
      const { freeBytes: bytes, freeInodes: inodes } = latest().context.settings.limits;
      return { bytes, inodes };
    },
    say,
  };
}

async function connectWorkers(
  { temporal }: Settings,
  stack: CleanupStack,
  { log, sdk }: { readonly log: Log; readonly sdk: SdkMetrics | undefined },
): Promise<NativeConnection> {
  installRuntime(log, sdk?.bindAddress);
  const tls = await loadTls(temporal);
  const address = temporalAddress(temporal);
  const connection = await NativeConnection.connect({ address, ...(tls ? { tls } : {}) });
  stack.defer(() => connection.close());
  return connection;
}

async function startServer(
  { settings, data }: CommandContext,
  stack: CleanupStack,
  say: (line: string) => void,
): Promise<EmbeddedServer | undefined> {
  const { temporal } = settings;
  if (isExternal(temporal)) return undefined;
  const server = await startTemporal({
    program: await findTemporal(process.env.PATH ?? '', cacheDirectory()),
    directory: data.temporal,
    namespace: temporal.namespace,
    port: temporal.port,
    uiPort: temporal.uiPort,
    async beforeStart(database) {
      const shrunk = await shrinkDatabase(database, process.env.PATH ?? '');
      if (shrunk) say(describeShrunk(shrunk));
    },
  });
  stack.defer(() => server.stop());
  const bound = async (): Promise<void> => void (await boundServerLog(server.logFile));
  stack.defer(fromTimeToTime(bound, BOUND_MS));
  return server;
}

function describeShrunk({ beforeBytes, afterBytes }: ShrunkDatabase): string {
  const [before, after] = [beforeBytes, afterBytes].map((size) => Math.round(size / 1024 ** 2));
  return `Temporal's database had ${before} MiB and has ${after} MiB now`;
}
