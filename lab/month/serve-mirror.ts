import { createReadStream } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import send from 'send';
import type { Disturbance } from './month-events.ts';

/** What a mirror serves at one moment. */
export interface ServedState {
  /** Holds `repodata`. */
  readonly metadata: string;
  /** Metadata of the state before, which clients in mid-read still ask for. */
  readonly before?: string;
  /** File names below `Packages`; all others are not there. */
  readonly packages: ReadonlySet<string>;
  readonly how?: Disturbance;
}

/** A mirror whose faults are chosen; its address never changes. */
export interface FaultyMirror extends AsyncDisposable {
  readonly url: string;
  /** Answers by status, and what was not answered as `cut`. */
  readonly answers: ReadonlyMap<string, number>;
  serve(state: ServedState): Promise<void>;
}

/** Starts a mirror on loopback that has nothing yet. */
export async function serveMirror(pool: string): Promise<FaultyMirror> {
  const answers = new Map<string, number>();
  let state: ServedState = { metadata: pool, packages: new Set() };
  const server = createServer((request, response) => {
    response.once('close', () => {
      const key = response.writableFinished ? `${response.statusCode}` : 'cut';
      answers.set(key, (answers.get(key) ?? 0) + 1);
    });
    void answer(request, response, { pool, state });
  });
  const port = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    answers,
    async serve(next) {
      const wasSilent = state.how === 'silent';
      state = next;
      if (next.how === 'refused') await close(server);
      else if (!server.listening) await listen(server, port);
      else if (wasSilent) server.closeAllConnections();
    },
    async [Symbol.asyncDispose]() {
      await close(server);
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('BUG: no port was given');
  return address.port;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Shelf {
  readonly pool: string;
  readonly state: ServedState;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  shelf: Shelf,
): Promise<void> {
  const { how } = shelf.state;
  if (how === 'silent') return;
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const path = how === 'unavailable' ? undefined : await findFile(pathname, shelf);
  if (path === undefined) {
    response.statusCode = how === 'unavailable' ? 503 : 404;
    response.end();
  } else if (how === 'half-written' && pathname.includes('-primary.')) {
    const { size } = await stat(path);
    createReadStream(path, { end: Math.floor(size / 2) }).pipe(response);
  } else {
    send(request, path, { root: '/', dotfiles: 'allow' }).pipe(response);
  }
}

/** Which file is served under a path, as things stand; undefined if none is. */
async function findFile(pathname: string, { pool, state }: Shelf): Promise<string | undefined> {
  const [, folder, name = ''] = pathname.split('/');
  if (folder === 'Packages') return state.packages.has(name) ? join(pool, folder, name) : undefined;
  return folder === 'repodata' ? await findMetadata(name, state) : undefined;
}

async function findMetadata(
  name: string,
  { metadata, before = metadata, how }: ServedState,
): Promise<string | undefined> {
  const isPrimary = name.includes('-primary.');
  if (how === 'repomd-ahead' && isPrimary) return undefined;
  // What was overwritten keeps its name.
  if (how === 'primary-ahead' && isPrimary) return await findPrimary(metadata);
  const places = how === 'primary-ahead' ? [before, metadata] : [metadata, before];
  for (const place of places) {
    const path = join(place, 'repodata', name);
    if (await isThere(path)) return path;
  }
  return undefined;
}

async function findPrimary(metadata: string): Promise<string | undefined> {
  const names = await readdir(join(metadata, 'repodata'));
  const found = names.find((name) => name.includes('-primary.'));
  return found === undefined ? undefined : join(metadata, 'repodata', found);
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
