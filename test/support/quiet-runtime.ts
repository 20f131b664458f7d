import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Keeps the SDK silent in tests that make it complain on purpose; must be the first use of it. */
export function installQuietRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter: 'OFF', console: {} } },
    shutdownSignals: [],
  });
}
