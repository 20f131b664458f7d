import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between rekmod and the container engine, and can be away while the engine goes on for everybody else. */
export interface EngineProxy extends AsyncDisposable {
  /** For `DOCKER_HOST`. */
  readonly address: string;
  /** Passes everything on, from now on. */
  open(): void;
  /** Hangs up, from now on, also on those that are connected. */
  cut(): void;
  /** Answers that every request is wrong, from now on. */
  refuse(): void;
}

const REFUSAL = JSON.stringify({ message: 'the storage driver is being moved' });
const ANSWER = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${REFUSAL.length}\r\nConnection: close\r\n\r\n${REFUSAL}`;

/**
 * Starts a proxy of the container engine.
 *
 * @param path Of the proxy's socket.
 * @param enginePath Of the engine's.
 */
export async function startEngineProxy(path: string, enginePath: string): Promise<EngineProxy> {
  let mode: 'open' | 'cut' | 'refuse' = 'open';
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    if (mode === 'cut') client.destroy();
    else if (mode === 'refuse') client.once('data', () => client.end(ANSWER));
    else passOn(client);
  });
  const passOn = (client: Socket): void => {
    const engine = connect({ path: enginePath, allowHalfOpen: true });
    keep(engine);
    client.pipe(engine);
    engine.pipe(client);
    client.on('close', () => engine.destroy());
    engine.on('close', () => client.destroy());
  };
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  server.listen(path);
  await once(server, 'listening');
  return {
    address: `unix://${path}`,
    open() {
      mode = 'open';
    },
    cut() {
      mode = 'cut';
      hangUp();
    },
    refuse() {
      mode = 'refuse';
      hangUp();
    },
    async [Symbol.asyncDispose]() {
      hangUp();
      server.close();
      await once(server, 'close');
    },
  };
}
