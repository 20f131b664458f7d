import { Session } from 'node:inspector/promises';
import { getHeapSpaceStatistics } from 'node:v8';

/** What is in use of the heaps of a process, after everything was collected that nobody refers to. */
export interface HeapUse {
  /** Objects of the main thread, in bytes. */
  readonly main: number;
  /** Machine code of the main thread, in bytes: V8 goes on compiling for days what is run often enough. */
  readonly code: number;
  /** Of all worker threads that answered, among them those that run workflows; in bytes. */
  readonly threads: number;
  /** Memory beside the heaps that objects of the main thread hold, in bytes; buffers among it. */
  readonly external: number;
  /** Resident memory a moment later, in bytes. */
  readonly resident: number;
}

interface Thread {
  readonly sessionId: string;
}

/** A thread that runs native code for longer than this is not counted. */
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Collects garbage in every thread of this process, and tells what is left. What it tells rises only where something
 * is really held, whatever the collector and malloc keep for later.
 *
 * @see Chrome DevTools Protocol, HeapProfiler.collectGarbage and Runtime.getHeapUsage; Node's domain NodeWorker
 */
export async function measureHeap(): Promise<HeapUse> {
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.collectGarbage');
    const threads = await measureThreads(session);
    const { heapUsed, external, rss } = process.memoryUsage();
    const code = getHeapSpaceStatistics()
      .filter(({ space_name }) => space_name.startsWith('code_'))
      .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
    return { main: heapUsed - code, code, threads, external, resident: rss };
  } finally {
    session.disconnect();
  }
}

async function measureThreads(session: Session): Promise<number> {
  const found: Thread[] = [];
  session.on('NodeWorker.attachedToWorker', ({ params }) => found.push(params));
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  const sizes = await Promise.all(found.map((thread) => measureThread(session, thread)));
  await session.post('NodeWorker.disable');
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function measureThread(session: Session, { sessionId }: Thread): Promise<number> {
  const answer = new Promise<number>((resolve) => {
    const timer = setTimeout(() => resolve(0), ANSWER_TIMEOUT_MS);
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId !== sessionId) return;
      const { id, result }: Answer = JSON.parse(params.message);
      if (id !== 2) return;
      clearTimeout(timer);
      resolve(result?.usedSize ?? 0);
    });
  });
  for (const [index, method] of ['HeapProfiler.collectGarbage', 'Runtime.getHeapUsage'].entries()) {
    const message = JSON.stringify({ id: index + 1, method });
    await session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
  }
  return await answer;
}

interface Answer {
  readonly id?: number;
  readonly result?: { readonly usedSize?: number };
}
