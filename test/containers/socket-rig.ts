import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What pretends to be a container engine. */
export interface SocketRig extends AsyncDisposable {
  readonly address: string;
}

/** Serves HTTP on a socket of its own, which goes with the rig. */
export async function serveSocket(listener: RequestListener): Promise<SocketRig> {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-socket-'));
  const path = join(directory, 'engine.sock');
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  return {
    address: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
