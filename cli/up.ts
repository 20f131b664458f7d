import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NativeConnection } from '@temporalio/worker';
import { openRemoteKey } from '../activities/ask-signer.ts';
import { openContentStore } from '../activities/content-store.ts';
import { findProgram } from '../activities/find-program.ts';
import { callGateActivities } from '../activities/gate/call-gate.ts';
import { gatherStatus } from '../activities/gather-status.ts';
import { gatherAlive } from '../activities/gather-watch.ts';
import { placeOf } from '../activities/publish.ts';
import type { RoomRule } from '../activities/room.ts';
import { openSteadyClock } from '../activities/steady-clock.ts';
import type { BuildBackend } from '../containers/backend.ts';
import type { EnginePatience } from '../containers/find-engine.ts';
import type { Settings } from '../model/settings.ts';
import { listActiveRebuilds } from './active-rebuilds.ts';
import { startAliveWriter } from './alive-writer.ts';
import { CleanupStack } from './cleanup-stack.ts';
import { type CommandContext, cacheDirectory } from './context.ts';
import { installRuntime } from './create-worker.ts';
import { requireHomeId } from './home-id.ts';
import { startFileServer } from './http-server.ts';
import { keepHistory } from './keep-history.ts';
import { registerSearchAttributes } from './register-search-attributes.ts';
import { takeRunLock } from './run-lock.ts';
import { applySchedules } from './schedules.ts';
import { startSignerProcess, waitForPublicKeys } from './signer-process.ts';
import { type StatusWriter, startStatusWriter } from './status-writer.ts';
import { awaitClient, isExternal, loadTls, temporalAddress } from './temporal-connection.ts';
import { type EmbeddedServer, findTemporal, startTemporal } from './temporal-server.ts';
import { VERSION } from './version.ts';
import { startWorkers } from './workers.ts';
import { requireWorkflowBundle } from './workflow-bundle.ts';
import { workflowOptions } from './workflow-options.ts';

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
  /** Ends all parts in the reverse order of their start. */
  stop(): Promise<void>;
}

/** What a running rekmod is given besides its configuration. */
export interface UpParts {
  readonly say: (line: string) => void;
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
  { say, startBackend }: UpParts,
): Promise<Running> {
  const { settings, data, records } = context;
  stack.defer(await takeRunLock(join(data.run, 'up.lock')));
  const backend = await startBackend(settings, data.root, { patienceMs: PATIENCE_MS, say });
  const server = await startFileServer(data, settings.server);
  stack.defer(() => server.close());
  const embedded = await startServer(context, stack);
  const { client, connection: control } = await awaitClient(settings.temporal, say);
  stack.defer(() => control.close());
  if (settings.signing.process === 'own') {
    const signer = await startSignerProcess(context.configFile, say);
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
  const status: StatusWriter = startStatusWriter({
    directory: data.status,
    onError: (error) => say(`Cannot write the status page: ${String(error)}`),
    gather: async () =>
      gatherStatus({
        settings,
        records,
        now,
        active: await listActiveRebuilds(client),
        repositoryUrl: (name) => placeOf({ settings, data, serverUrl: server.url }, name).baseUrl,
        ...(temporalUi === undefined ? {} : { temporalUi }),
      }),
  });
  stack.defer(() => status.stop());
  status.changed();

  installRuntime();
  const tls = await loadTls(settings.temporal);
  const connection = await NativeConnection.connect({
    address: temporalAddress(settings.temporal),
    ...(tls ? { tls } : {}),
  });
  stack.defer(() => connection.close());
  const { namespace } = settings.temporal;
  if (embedded) await keepHistory(control, namespace);
  const hasSearchAttributes = await registerSearchAttributes(control, namespace);
  if (!hasSearchAttributes) say('Temporal refused search attributes; lists cannot be filtered');
  const dnf = await findProgram('dnf', process.env.PATH ?? '');
  const workers = await startWorkers({
    connection,
    namespace,
    room: roomRule(context, { say, backend }),
    bundle: await requireWorkflowBundle(data.cache),
    deps: {
      ...context,
      backend,
      // An engine that is away says nothing of its images; what needs it will tell.
      findToolchain: async (target) => await backend.findToolchain?.(target).catch(() => undefined),
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
    },
  });
  stack.defer(() => workers.stop());
  const alive = startAliveWriter({
    directory: data.status,
    everyMs: ALIVE_EVERY_MS,
    gather: () =>
      gatherAlive({ settings, records, now: () => new Date(), holdsMs: ALIVE_HOLDS_MS }),
    onAlarm: status.changed,
    onError: (error) => say(`Cannot write that rekmod is alive: ${String(error)}`),
  });
  stack.defer(() => alive.stop());
  const options = workflowOptions(context, hasSearchAttributes);
  await applySchedules(client, settings, { homeId, options });
  // A gate that nothing has called yet is started; one that runs sees what was configured anew.
  const { lookAgain } = callGateActivities({ client, settings, records });
  for (const stream of options.gatedStreams ?? []) await lookAgain({ stream, options });
  return {
    serverUrl: server.url,
    temporalAddress: temporalAddress(settings.temporal),
    ...(temporalUi === undefined ? {} : { temporalUi }),
    failed: Promise.race([
      workers.done.then(() => new Promise<never>(() => undefined)),
      ...(embedded ? [embedded.failed] : []),
    ]),
    stop: () => stack.run(),
  };
}

/** Where builds and what they make take room. */
function roomRule(
  { settings, data }: CommandContext,
  { say, backend }: { readonly say: UpParts['say']; readonly backend: BuildBackend },
): RoomRule {
  const { freeBytes: bytes, freeInodes: inodes } = settings.limits;
  return { paths: [data.root, ...(backend.places ?? [])], wanted: { bytes, inodes }, say };
}

async function startServer(
  { settings, data }: CommandContext,
  stack: CleanupStack,
): Promise<EmbeddedServer | undefined> {
  const { temporal } = settings;
  if (isExternal(temporal)) return undefined;
  const server = await startTemporal({
    program: await findTemporal(process.env.PATH ?? '', cacheDirectory()),
    directory: data.temporal,
    namespace: temporal.namespace,
    port: temporal.port,
    uiPort: temporal.uiPort,
  });
  stack.defer(() => server.stop());
  return server;
}
