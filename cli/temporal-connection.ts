import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, type TLSConfig } from '@temporalio/client';
import type { TemporalSettings } from '../model/settings.ts';
import { TemporalUnreachableError } from './temporal-server.ts';

const CONNECT_TIMEOUT_MS = 5000;

/** The address of the server: `TEMPORAL_ADDRESS`, the configured one, else the embedded server's. */
export function temporalAddress(settings: TemporalSettings): string {
  return process.env.TEMPORAL_ADDRESS ?? settings.address ?? `127.0.0.1:${settings.port}`;
}

/** Whether rekmod uses a server that somebody else runs. */
export function isExternal(settings: TemporalSettings): boolean {
  return process.env.TEMPORAL_ADDRESS !== undefined || settings.address !== undefined;
}

/** Reads the files that TLS settings name; undefined for an unencrypted connection. */
export async function loadTls({ tls }: TemporalSettings): Promise<TLSConfig | undefined> {
  if (!tls) return undefined;
  const { serverCa, clientCert, clientKey, serverName } = tls;
  return {
    ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    ...(serverCa === undefined ? {} : { serverRootCACertificate: await readFile(serverCa) }),
    ...(clientCert !== undefined && clientKey !== undefined
      ? { clientCertPair: { crt: await readFile(clientCert), key: await readFile(clientKey) } }
      : {}),
  };
}

/** A client and what it speaks through, which its user closes. */
export interface TemporalClient {
  readonly client: Client;
  readonly connection: Connection;
}

/**
 * Connects to Temporal.
 *
 * @throws {TemporalUnreachableError} If nobody answers.
 */
export async function connectClient(
  settings: TemporalSettings,
  timeoutMs: number = CONNECT_TIMEOUT_MS,
): Promise<TemporalClient> {
  const address = temporalAddress(settings);
  const tls = await loadTls(settings);
  try {
    const connection = await Connection.connect({
      address,
      connectTimeout: timeoutMs,
      ...(tls ? { tls } : {}),
    });
    return { connection, client: new Client({ connection, namespace: settings.namespace }) };
  } catch (cause) {
    throw new TemporalUnreachableError(
      `Cannot reach Temporal "${address}": expected an answer, found none; start it with "rekmod up", or set "temporal.address"`,
      { cause },
    );
  }
}

/** How long a server of somebody else's is waited for, which may be starting just as this process is. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 500;

/**
 * Connects as {@link connectClient} does, and waits for a server that does not answer yet.
 *
 * @param say Tells that the waiting began, once.
 * @throws {TemporalUnreachableError} If nobody answers within the patience.
 */
export async function awaitClient(
  settings: TemporalSettings,
  say: (sentence: string) => void,
  patienceMs: number = PATIENCE_MS,
): Promise<TemporalClient> {
  const startedAt = performance.now();
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await connectClient(settings, Math.min(CONNECT_TIMEOUT_MS, patienceMs / 4 + 1));
    } catch (error) {
      if (!(error instanceof TemporalUnreachableError)) throw error;
      if (performance.now() - startedAt >= patienceMs) throw error;
      const address = temporalAddress(settings);
      if (isFirst) say(`Waiting up to ${patienceMs / 1000} s for Temporal at ${address}`);
      await delay(RETRY_MS);
    }
  }
}
