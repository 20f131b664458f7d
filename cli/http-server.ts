import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import send from 'send';
import type { DataDirectory } from '../activities/data-directory.ts';
import { STATUS_POLICY } from '../report/status-policy.ts';
import { answerMetrics, type MetricsSource, mayRead } from './metrics/answer-metrics.ts';
import { serverUrlOf } from './server-url.ts';
import { requireFreePort } from './temporal-server.ts';

/** The server of repositories, status page and logs, which are files; code runs for a request of metrics alone. */
export interface FileServer {
  /** E.g. `http://127.0.0.1:8470`. */
  readonly url: string;
  close(): Promise<void>;
}

/** A path of the server and the directory behind it. */
interface Place {
  readonly root: string;
  readonly path: string;
  /** Logs hold whatever a build printed; a browser must take them for text. */
  readonly isText?: boolean;
  /** Pages of ours, with names of others in them. */
  readonly isPage?: boolean;
}

/** As in the pages themselves; only a header can say that nobody frames them. */
const PAGE_POLICY = `${STATUS_POLICY}; frame-ancestors 'none'`;

/**
 * Serves a data directory's public parts: `/repositories/<name>/…`, `/status/…`, `/logs/…`; and `/metrics`.
 *
 * @param findMetrics What answers `/metrics`; undefined until there is something to tell.
 * @throws {PortInUseError} If the port is taken.
 */
export async function startFileServer(
  data: DataDirectory,
  { host, port }: { readonly host: string; readonly port: number },
  findMetrics: () => MetricsSource | undefined = () => undefined,
): Promise<FileServer> {
  await requireFreePort(host, port, 'server.port');
  const server = createServer((request, response) =>
    answer({ data, metrics: findMetrics() }, request, response),
  );
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return { url: serverUrlOf({ host, port }), close: () => closeServer(server) };
}

/** What is served at a moment. */
interface Served {
  readonly data: DataDirectory;
  readonly metrics: MetricsSource | undefined;
}

function answer(
  { data, metrics }: Served,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    endWith(response, 405, 'Only GET and HEAD are answered here');
    return;
  }
  const pathname = pathOf(request);
  if (pathname === undefined) {
    endWith(response, 400, 'Expected a path');
    return;
  }
  if (pathname === '/') {
    response.setHeader('Location', '/status/');
    endWith(response, 302, 'See /status/');
    return;
  }
  const { remoteAddress } = request.socket;
  if (pathname === '/metrics' && metrics && mayRead(metrics.settings(), remoteAddress)) {
    void answerMetrics(metrics, request, response);
    return;
  }
  const place = findPlace(data, pathname);
  if (!place) {
    endWith(response, 404, 'Not found');
    return;
  }
  sendFile(place, request, response);
}

/** The path of a request; undefined for a target that is no URL, e.g. `//`. */
function pathOf(request: IncomingMessage): string | undefined {
  try {
    return new URL(request.url ?? '/', 'http://localhost').pathname;
  } catch {
    return undefined;
  }
}

function sendFile(place: Place, request: IncomingMessage, response: ServerResponse): void {
  send(request, place.path, { root: place.root, dotfiles: 'deny', cacheControl: false })
    .on('error', (error: Error & { status?: number }) => {
      endWith(response, error.status ?? 500, error.status === 404 ? 'Not found' : 'Refused');
    })
    .on('headers', (headers: ServerResponse) => {
      headers.setHeader('Cache-Control', 'no-cache');
      if (place.isPage) headers.setHeader('Content-Security-Policy', PAGE_POLICY);
      if (!place.isText) return;
      headers.setHeader('Content-Type', 'text/plain; charset=utf-8');
      headers.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
    })
    .pipe(response);
}

function findPlace(data: DataDirectory, pathname: string): Place | undefined {
  const [, area, name = '', ...rest] = pathname.split('/');
  switch (area) {
    case 'status':
      return { root: data.status, path: `/${[name, ...rest].join('/')}`, isPage: true };
    case 'logs':
      return { root: data.logs, path: `/${[name, ...rest].join('/')}`, isText: true };
    case 'repositories': {
      // The name becomes a folder here, outside of what send() guards.
      if (!/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(name)) return undefined;
      return { root: join(data.repositories, name, 'current'), path: `/${rest.join('/')}` };
    }
    default:
      return undefined;
  }
}

function endWith(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${text}\n`);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
