import { createServer, type Server } from 'node:net';

/** Somebody on this machine who notices whoever connects. */
export interface Witness extends AsyncDisposable {
  /** Of all addresses of this machine. */
  readonly port: number;
  /** Name of an abstract unix socket. */
  readonly socketName: string;
  /** How often somebody came, by either way. */
  readonly visitCount: () => number;
}

/** Opens a witness on a port and on an abstract socket. */
export async function openWitness(): Promise<Witness> {
  let visitCount = 0;
  const socketName = `rekmod-witness-${process.pid}`;
  const servers = [0, 1].map(() =>
    createServer((client) => {
      visitCount += 1;
      client.destroy();
    }),
  );
  const [tcp, unix] = servers;
  await new Promise<void>((resolve) => tcp?.listen(0, '0.0.0.0', resolve));
  await new Promise<void>((resolve) => unix?.listen(`\0${socketName}`, resolve));
  const address = tcp?.address();
  if (typeof address !== 'object' || address === null) throw new Error('BUG: no port');
  return {
    port: address.port,
    socketName,
    visitCount: () => visitCount,
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(closeServer));
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}
