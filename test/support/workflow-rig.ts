import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { AssessActivities } from '../../activities/assess.ts';
import type { BuildActivities } from '../../activities/build.ts';
import { FailureInterceptor } from '../../activities/failures.ts';
import { findProgram } from '../../activities/find-program.ts';
import type { CallGateActivities } from '../../activities/gate/call-gate.ts';
import type { JudgeGateActivities } from '../../activities/gate/judge-gate.ts';
import type { ServeViewActivities } from '../../activities/gate/serve-view.ts';
import { type HandOverActivities, handOverActivities } from '../../activities/hand-over.ts';
import type { KernelActivities } from '../../activities/kernels.ts';
import type { LoadTestActivities } from '../../activities/load-test/load-test.ts';
import type { OutcomeActivities } from '../../activities/outcomes.ts';
import type { SignProvenanceActivities } from '../../activities/provenance/sign-provenance.ts';
import type { ProvenanceActivities } from '../../activities/provenance/write-provenance.ts';
import type { PublishActivities } from '../../activities/publish.ts';
import type { SignActivities } from '../../activities/sign.ts';
import type { SignMetadataActivities } from '../../activities/sign-metadata.ts';
import type { SignUpkeepActivities } from '../../activities/upkeep/sign-upkeep.ts';
import type { BuilderUpkeepActivities, UpkeepActivities } from '../../activities/upkeep/upkeep.ts';
import type { VerifyActivities } from '../../activities/verify.ts';
import type { VerifySignedActivities } from '../../activities/verify-signed.ts';
import type { WatchActivities } from '../../activities/watch.ts';
import type { WatchSourcesActivities } from '../../activities/watch-sources.ts';
import { cacheDirectory } from '../../cli/context.ts';
import { findTemporal, TemporalMissingError } from '../../cli/temporal-server.ts';
import { buildQueue, CONTROL_QUEUE, PUBLISH_QUEUE, SIGN_QUEUE } from '../../model/task-queues.ts';
import { publishedSignal } from '../../workflows/messages.ts';
import { settingsOf } from './data-rig.ts';
import { findFreePort } from './http-rig.ts';
import { installQuietRuntime } from './quiet-runtime.ts';
import { requireTestBundle } from './test-bundle.ts';

/** The activities that a test replaces. */
export type Fakes = WatchActivities &
  KernelActivities &
  AssessActivities &
  BuildActivities &
  VerifyActivities &
  LoadTestActivities &
  SignActivities &
  SignMetadataActivities &
  VerifySignedActivities &
  ProvenanceActivities &
  SignProvenanceActivities &
  PublishActivities &
  OutcomeActivities &
  JudgeGateActivities &
  ServeViewActivities &
  CallGateActivities &
  WatchSourcesActivities &
  UpkeepActivities &
  BuilderUpkeepActivities &
  SignUpkeepActivities;

/** A real Temporal server with workers of all task queues, whose activities are fakes. */
export interface WorkflowRig extends AsyncDisposable {
  readonly client: Client;
  /**
   * Replaces all fakes at once and forgets calls; what a test does not give must not be called.
   *
   * Without `publishPackages` packages are served at once, by nobody: a publisher collects requests
   * for a while, and the server's timers are a second late.
   */
  use(fakes: Partial<Fakes>): void;
  /** Calls of fakes as they began, with the kmods that they are about: `buildKmod jool`. */
  calls(): readonly string[];
}

/** A publisher continues as new after so many events; the default of 4096 takes too long. */
export const SUGGEST_CONTINUE_AS_NEW_EVENTS = 30;

const QUEUES: Readonly<Record<string, readonly (keyof Fakes)[]>> = {
  [CONTROL_QUEUE]: [
    'lookAtStream',
    'acknowledgeLook',
    'findStoredWork',
    'acceptLook',
    'lookAtSources',
    'acknowledgeSources',
    'storeKernel',
    'planKernel',
    'planCell',
    'readPlannedCells',
    'verifyBuild',
    'verifySigned',
    'writeProvenance',
    'takeProvenance',
    'recordOutcome',
    'recordUnbuilt',
    'recordFromPlan',
    'recordRollout',
    'openGate',
    'judgeGate',
    'recordView',
    'lookAgain',
    'rebuildThawed',
    'tidyRecords',
    'tidyStore',
    'listSigned',
    'recordUpkeep',
  ],
  [buildQueue('x86_64')]: ['prepareBuildroot', 'buildKmod', 'testLoading', 'tidyBuilders'],
  [SIGN_QUEUE]: ['signPackages', 'signMetadata', 'signProvenance', 'tidySigned'],
  [PUBLISH_QUEUE]: [
    'publishPackages',
    'tidyRepository',
    'rollBack',
    'mirrorRepository',
    'serveView',
  ],
};

/** @returns Why there is no server when no `temporal` program is installed. */
export async function startWorkflowRig(): Promise<WorkflowRig | { readonly skip: string }> {
  let program: string;
  try {
    program = await findTemporal(process.env.PATH ?? '', cacheDirectory());
  } catch (error) {
    if (error instanceof TemporalMissingError) return { skip: error.message };
    throw error;
  }
  installQuietRuntime();
  const bundle = requireTestBundle();
  const server = await startTestServer(program);
  const connection = await NativeConnection.connect({ address: server.address });
  const client = new Client({ connection: server.connection });
  let current: Partial<Fakes> = {};
  let calls: string[] = [];
  const handOver = handOverActivities({ client, settings: settingsOf() });
  const workers: Worker[] = [];
  for (const [taskQueue, names] of Object.entries(QUEUES)) {
    const isControl = taskQueue === CONTROL_QUEUE;
    workers.push(
      await Worker.create({
        connection,
        taskQueue,
        activities: {
          ...Object.fromEntries(names.map((name) => [name, delegate(name)])),
          ...(isControl ? { ...handOver, requestPublication } : {}),
        },
        ...(isControl ? { workflowBundle: { codePath: await bundle } } : {}),
        maxHeartbeatThrottleInterval: 100,
        defaultHeartbeatThrottleInterval: 100,
        interceptors: { activity: [({ info }) => ({ inbound: new FailureInterceptor(info) })] },
      }),
    );
  }
  const runs = workers.map((worker) => worker.run());

  async function requestPublication(
    request: Parameters<HandOverActivities['requestPublication']>[0],
  ): Promise<{ readonly repository: string }> {
    if (current.publishPackages) return await handOver.requestPublication(request);
    const { workflowId, runId } = request.requester;
    const requester = client.workflow.getHandle(workflowId, runId);
    await requester.signal(publishedSignal, { kind: 'served', snapshot: '000001' });
    return { repository: 'kmods' };
  }

  function delegate(name: keyof Fakes): (input: unknown) => Promise<unknown> {
    return async (input) => {
      calls.push(`${name} ${listKmods(input)}`.trim());
      const fake: unknown = current[name];
      if (typeof fake === 'function') return await fake(input);
      throw new Error(`BUG: the test expects no call of ${name}`);
    };
  }

  return {
    client,
    use(fakes) {
      current = fakes;
      calls = [];
    },
    calls: () => calls,
    async [Symbol.asyncDispose]() {
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
      await connection.close();
      await server.connection.close();
      server.child.kill('SIGKILL');
      await once(server.child, 'close');
    },
  };
}

/** Names that stand in an activity's input as a cell's kmod or a package's name. */
function listKmods(input: unknown): string {
  const names = JSON.stringify(input ?? {}).matchAll(/"(?:kmod|name)":"(?:kmod-)?([\w.-]+)"/g);
  return [...new Set([...names].map(([, name]) => name))].join(',');
}

/** A Temporal of a test's own. */
export interface TestServer {
  readonly child: ChildProcess;
  readonly address: string;
  readonly connection: Connection;
}

/** Starts a server in memory that does not outlive this process, and suggests early to continue as new. */
export async function startTestServer(temporal: string): Promise<TestServer> {
  const port = await findFreePort();
  const dynamicConfig = {
    'limit.historyCount.suggestContinueAsNew': SUGGEST_CONTINUE_AS_NEW_EVENTS,
    // Its queues are polled 20 times a second and timers a second late otherwise.
    'history.transferProcessorMaxPollRPS': 1000,
    'history.timerProcessorMaxPollRPS': 1000,
    'history.timerProcessorMaxTimeShift': '"20ms"',
    'matching.numTaskqueueReadPartitions': 1,
    'matching.numTaskqueueWritePartitions': 1,
  };
  const argv = [
    ...[temporal, 'server', 'start-dev', '--headless', '--log-level', 'never'],
    ...['--ip', '127.0.0.1', '--port', `${port}`],
    ...Object.entries(dynamicConfig).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${value}`,
    ]),
  ];
  const guard = await findProgram('setpriv', process.env.PATH ?? '');
  const [program = '', ...args] = guard ? [guard, '--pdeathsig', 'KILL', ...argv] : argv;
  const child = spawn(program, args, { stdio: 'ignore' });
  const address = `127.0.0.1:${port}`;
  for (;;) {
    try {
      return { child, address, connection: await Connection.connect({ address }) };
    } catch (error) {
      if (child.exitCode !== null) throw error;
      await delay(50);
    }
  }
}
