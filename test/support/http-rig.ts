import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A local HTTP server that answers as a test tells it. */
export interface HttpRig extends AsyncDisposable {
  /** E.g. `http://127.0.0.1:40123`, without a final slash. */
  readonly url: string;
  /** E.g. `GET /repodata/repomd.xml`, in order. */
  readonly requests: readonly string[];
  /** Connections that are open. */
  connectionCount(): number;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

export async function startHttpRig(answer: Answer): Promise<HttpRig> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    // What a test's answer throws is seen as a connection that is lost.
    Promise.resolve(answer(request, response)).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    requests,
    connectionCount: () => sockets.size,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Serves files from memory: conditionally by ETag, 404 for others. */
export function serveFiles(files: ReadonlyMap<string, string | Uint8Array>): Answer {
  return (request, response) => {
    const content = files.get(request.url ?? '');
    if (content === undefined) {
      response.writeHead(404).end('not here');
      return;
    }
    const etag = `"${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, { etag }).end(content);
  };
}

/** A port that nobody listens on now. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('BUG: no TCP port');
  return address.port;
}
