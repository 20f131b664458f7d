import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type FetchFile,
  RepositoryBrokenError,
  readServed,
  requireChecksum,
  type ServedPackage,
} from './served-repository.ts';

const PAUSE_MS = 300;
const TIMEOUT_MS = 10_000;

/** A client that looks at a repository all the time, and fetches every package once. */
export interface RepositoryWatcher {
  /** What no client may ever see. */
  readonly violations: readonly string[];
  /** Looks at whole metadata. */
  readonly lookCount: number;
  /** Looks that nobody answered: rekmod was not running. */
  readonly silentCount: number;
  /** SHA-256 of every package that was ever listed, by file name. */
  readonly seen: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

/**
 * Begins to watch.
 *
 * @param publicKey The key's file; there need not be one before the first snapshot.
 */
export function watchRepository(baseUrl: string, publicKey: string): RepositoryWatcher {
  const violations: string[] = [];
  const seen = new Map<string, string>();
  const counts = { lookCount: 0, silentCount: 0 };
  let isStopping = false;
  const fetchFile = openFetch(baseUrl, () => counts.lookCount > 0);

  function say(violation: string): void {
    const sentence = `a client of ${basename(baseUrl)}: ${violation}`;
    if (!violations.includes(sentence)) violations.push(sentence);
  }

  async function look(): Promise<void> {
    try {
      const { packages } = await readServed(fetchFile, publicKey);
      counts.lookCount += 1;
      for (const found of packages) await checkPackage(found);
    } catch (error) {
      if (error instanceof RepositoryBrokenError) say(error.message);
      else counts.silentCount += 1;
    }
  }

  async function checkPackage({ location, sha256 }: ServedPackage): Promise<void> {
    const name = basename(location);
    const before = seen.get(name);
    if (before === sha256) return;
    if (before !== undefined) {
      say(`${name} was ${before} and is ${sha256}: a name that was published is never other bytes`);
    }
    // What lies at the vendor's is the vendor's.
    if (!location.includes('://')) {
      requireChecksum(location, await fetchFile(location), { type: 'sha256', value: sha256 });
    }
    seen.set(name, sha256);
  }

  async function watch(): Promise<void> {
    for (; !isStopping; await delay(PAUSE_MS)) await look();
  }

  const done = watch();
  return {
    violations,
    seen,
    get lookCount() {
      return counts.lookCount;
    },
    get silentCount() {
      return counts.silentCount;
    },
    async stop() {
      isStopping = true;
      await done;
    },
  };
}

/** @param isThere Whether the repository was ever there; before, it may not be. */
function openFetch(baseUrl: string, isThere: () => boolean): FetchFile {
  return async (location) => {
    const answer = await fetch(
      `${baseUrl}/${location.split('/').map(encodeURIComponent).join('/')}`,
      {
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
    );
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (answer.ok) return bytes;
    const detail = `${location} was answered with ${answer.status}`;
    throw isThere() ? new RepositoryBrokenError(detail) : new Error(detail);
  };
}
