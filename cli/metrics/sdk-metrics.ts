import { createServer } from 'node:net';
import { RekmodError } from '../../model/errors.ts';

/** Metrics of the Temporal SDK in this process. */
export interface SdkMetrics {
  /** Where the SDK serves them, on loopback alone, e.g. `127.0.0.1:40123`. */
  readonly bindAddress: string;
  /** In Prometheus' text format. @throws If nobody answers in time. */
  read(): Promise<string>;
}

/** The SDK answered a scrape with something else than its metrics. */
export class SdkMetricsError extends RekmodError {
  readonly failureClass = 'transient';
}

const HOST = '127.0.0.1';
const TIMEOUT_MS = 2000;
/** Some 300 kB with every histogram of every activity. */
const LIMIT_CHARACTERS = 8 * 1024 * 1024;

/** Chooses a port for the metrics of the SDK, which takes none by itself: it has to be told one. */
export async function chooseSdkMetrics(): Promise<SdkMetrics> {
  const bindAddress = `${HOST}:${await findFreePort()}`;
  return {
    bindAddress,
    async read() {
      const url = `http://${bindAddress}/metrics`;
      const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const text = await response.text();
      if (response.ok && text.length <= LIMIT_CHARACTERS) return text;
      const found = `${response.status} with ${text.length} characters`;
      throw new SdkMetricsError(`Cannot read metrics "${url}": expected 200, found ${found}`);
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, HOST, resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) return address.port;
    throw new Error('BUG: a server that listens on TCP has no port');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
