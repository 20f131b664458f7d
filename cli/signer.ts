import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSConfig } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { openContentStore } from '../activities/content-store.ts';
import { openModuleKey } from '../activities/module-key.ts';
import { signProvenanceActivities } from '../activities/provenance/sign-provenance.ts';
import { announceKeys, dropRetired } from '../activities/public-keys.ts';
import { type SignDeps, signActivities } from '../activities/sign.ts';
import { signMetadataActivities } from '../activities/sign-metadata.ts';
import { openSignatureLog } from '../activities/signature-log.ts';
import { closeSigningKey, openSigningKey } from '../activities/signing-key.ts';
import { signUpkeepActivities } from '../activities/upkeep/sign-upkeep.ts';
import { SIGN_QUEUE } from '../model/task-queues.ts';
import { CleanupStack } from './cleanup-stack.ts';
import type { CommandContext } from './context.ts';
import { createWorker, installRuntime, runWorkers } from './create-worker.ts';
import type { Log } from './log.ts';
import { AlreadyRunningError, takeRunLock } from './run-lock.ts';
import { loadTls, temporalAddress } from './temporal-connection.ts';

/** A signer that serves its queue. */
export interface RunningSigner {
  /** Rejects when the worker fails. */
  readonly failed: Promise<void>;
  stop(): Promise<void>;
}

/** A signer whose `rekmod up` was killed needs so long to end at most. */
const LOCK_PATIENCE_MS = 40_000;
const RETRY_MS = 500;
const SIGN_CONCURRENCY = 2;

/**
 * Opens the keys and serves the queue `sign`; the only process that ever reads a private key.
 *
 * @param options Its signal ends the waiting for another signer's end, or for Temporal.
 */
export async function startSigner(
  { settings, data, store }: Pick<CommandContext, 'settings' | 'data' | 'store'>,
  {
    now,
    signal,
    log,
  }: { readonly now: () => Date; readonly signal: AbortSignal; readonly log: Log },
): Promise<RunningSigner> {
  const stack = new CleanupStack();
  try {
    await mkdir(data.signing, { recursive: true });
    stack.defer(await waitForLock(join(data.signing, 'signer.lock'), signal));
    const own = { ...data, scratch: join(data.signing, 'scratch') };
    await rm(own.scratch, { recursive: true, force: true });
    await mkdir(own.scratch, { recursive: true, mode: 0o700 });
    const signing = dropRetired(settings.signing, now());
    const key = await openSigningKey(signing, data);
    stack.defer(() => closeSigningKey(key));
    const { modules } = signing;
    const options = { scratch: own.scratch, signal };
    const deps: SignDeps = {
      data: own,
      store,
      signed: openContentStore(data.signed),
      key,
      ...(modules ? { moduleKey: await openModuleKey(modules, options) } : {}),
      log: openSignatureLog(join(data.signing, 'signatures.jsonl'), now),
    };
    await announceKeys(key, signing, data);
    installRuntime(log);
    const tls = await loadTls(settings.temporal);
    const address = temporalAddress(settings.temporal);
    const connection = await connect({ address, ...(tls ? { tls } : {}) }, signal, log);
    stack.defer(() => connection.close());
    const { namespace } = settings.temporal;
    const worker = runWorkers([
      await createWorker({ connection, namespace }, SIGN_QUEUE, {
        activities: {
          ...signActivities(deps),
          ...signMetadataActivities(deps),
          ...signProvenanceActivities(deps),
          ...signUpkeepActivities({ settings, data }),
        },
        maxConcurrentActivityTaskExecutions: SIGN_CONCURRENCY,
      }),
    ]);
    stack.defer(() => worker.stop());
    return { failed: worker.done, stop: () => stack.run() };
  } catch (error) {
    await stack.run();
    throw error;
  }
}

/** A signer of its own may be started before the server. */
async function connect(
  options: { readonly address: string; readonly tls?: TLSConfig },
  signal: AbortSignal,
  log: Log,
): Promise<NativeConnection> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      if (isFirst) log.say(`Waiting for Temporal at ${options.address}: ${String(error)}`);
      await delay(RETRY_MS, undefined, { signal });
    }
  }
}

async function waitForLock(path: string, signal: AbortSignal): Promise<() => Promise<void>> {
  const startedAt = performance.now();
  for (;;) {
    try {
      return await takeRunLock(path);
    } catch (error) {
      if (
        !(error instanceof AlreadyRunningError) ||
        performance.now() - startedAt > LOCK_PATIENCE_MS
      )
        throw error;
      await delay(RETRY_MS, undefined, { signal });
    }
  }
}
