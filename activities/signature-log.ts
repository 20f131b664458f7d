import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Sha256Hex } from '../model/store.ts';
import { createOneAtATime } from './one-at-a-time.ts';

/** One signature, or an attempt at one: a line of JSON in the log. */
export interface SignatureRecord {
  readonly what: 'module' | 'package' | 'metadata' | 'provenance';
  /** A file name, or the path of a module in its package. */
  readonly name: string;
  /** The package that a module is in. */
  readonly inside?: string;
  /** SHA-256 of what was signed; of a module without compression. */
  readonly before: Sha256Hex;
  /** SHA-256 of what came out: the signed file, or the detached signature. */
  readonly after?: Sha256Hex;
  /** Of the OpenPGP key, or of the certificate that modules are signed for. */
  readonly key: string;
  readonly result: 'signed' | 'failed';
  /** Why it failed. */
  readonly reason?: string;
}

/** For whom a signature was made. */
export interface SignatureRequester {
  readonly workflowId: string;
  readonly runId: string;
  readonly activity: string;
  readonly attempt: number;
}

/** The log of all signatures; only the signer writes it. */
export interface SignatureLog {
  /** Writes lines, and returns when they are on disk. */
  append(records: readonly SignatureRecord[], requester: SignatureRequester): Promise<void>;
}

const NEWLINE = 0x0a;

/**
 * Opens the log of signatures: lines of JSON, each with `at` (ISO 8601 in UTC), the signature and its
 * requester. Nothing in it is ever changed; a line that a crash cut short stays, and the next is whole.
 */
export function openSignatureLog(path: string, now: () => Date): SignatureLog {
  const oneAtATime = createOneAtATime();

  async function write(text: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await using file = await open(path, 'a+', 0o640);
    const { size } = await file.stat();
    const [end] =
      size === 0 ? [NEWLINE] : (await file.read({ position: size - 1, length: 1 })).buffer;
    await file.appendFile(end === NEWLINE ? text : `\n${text}`);
    await file.sync();
  }

  return {
    async append(records, requester) {
      const lines = records.map((record) =>
        JSON.stringify({ at: now().toISOString(), ...record, ...requester }),
      );
      await oneAtATime(path, () => write(lines.map((line) => `${line}\n`).join('')));
    },
  };
}
