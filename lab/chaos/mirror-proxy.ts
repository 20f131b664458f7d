import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** How a mirror serves badly. */
export type MirrorFault = 'cut' | 'unavailable' | 'truncated' | 'tampered' | 'slow';

/** A server between rekmod and the vendor's mirror. */
export interface MirrorProxy {
  readonly url: string;
  /** The mirror itself; must be set before the first request. */
  target: string;
  /** Undefined: everything goes through as it is. */
  fault: MirrorFault | undefined;
  /** How many requests a fault was done to. */
  readonly struckCount: number;
  close(): Promise<void>;
}

const SLOW_CHUNK_DELAY_MS = 120;

/** Starts a proxy on a free port. */
export async function startMirrorProxy(): Promise<MirrorProxy> {
  const state = { target: '', fault: undefined as MirrorFault | undefined, struckCount: 0 };
  const server = createServer((incoming, response) => {
    const { fault } = state;
    if (fault === undefined) return pass(state.target, incoming, response, undefined);
    state.struckCount += 1;
    if (fault === 'cut') {
      incoming.socket.destroy();
    } else if (fault === 'unavailable') {
      response.writeHead(503, { 'Retry-After': '1' }).end('busy\n');
    } else {
      pass(state.target, incoming, response, fault);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('BUG: no port was given');
  return Object.assign(state, {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

function pass(
  target: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  fault: 'truncated' | 'tampered' | 'slow' | undefined,
): void {
  const { host: _own, ...headers } = incoming.headers;
  const onward = request(`${target}${incoming.url}`, { method: incoming.method, headers });
  onward.on('error', () => response.destroy());
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    if (fault === undefined) {
      answer.pipe(response);
      return;
    }
    void spoil(answer, response, fault).catch(() => response.destroy());
  });
  incoming.pipe(onward);
  response.on('close', () => onward.destroy());
}

async function spoil(
  answer: IncomingMessage,
  response: ServerResponse,
  fault: 'truncated' | 'tampered' | 'slow',
): Promise<void> {
  let isFirst = true;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    if (fault === 'truncated') {
      // Half of what came; the length that was promised is not.
      response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
      return;
    }
    if (fault === 'tampered' && isFirst && bytes.length > 0) {
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    }
    isFirst = false;
    if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_CHUNK_DELAY_MS));
    response.write(bytes);
  }
  response.end();
}
