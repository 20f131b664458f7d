import { createServer } from 'node:http';
import send from 'send';

/** A static web server on loopback, with validators and ranges as a mirror has them. */
export interface DirectoryServer {
  readonly url: string;
  /** Paths that were asked for, with the status of the answer, e.g. `304 /repodata/repomd.xml`. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Serves a directory on a free port. */
export async function serveDirectory(root: string): Promise<DirectoryServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    response.on('finish', () => requests.push(`${response.statusCode} ${request.url ?? ''}`));
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    send(request, pathname, { root, dotfiles: 'deny' }).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('BUG: no port was given');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
