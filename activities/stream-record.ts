import type { Sha256Hex } from '../model/store.ts';
import type {
  AcceptedLook,
  LookAcceptance,
  Quarantine,
  SeenRepository,
} from '../model/stream-watch.ts';
import { readJson, writeJson } from './atomic-file.ts';
import type { DataDirectory } from './data-directory.ts';
import { hasKeys } from './has-keys.ts';
import { createOneAtATime } from './one-at-a-time.ts';

/** How the last look at a stream went. */
export interface StreamRecord {
  /** ISO 8601 in UTC. */
  readonly lookedAt: string;
  readonly isOk: boolean;
  /** A sentence: what was found, or what went wrong. */
  readonly message: string;
  /** The last look that succeeded. */
  readonly lastGoodAt?: string;
  /** The first look that failed since. */
  readonly failingSince?: string | undefined;
  /** By URL as configured; empty until everything of a look was handed on. */
  readonly validators: Readonly<Record<string, SeenRepository>>;
  /** What the stream's configuration was then; another one makes the validators worthless. */
  readonly settingsDigest?: Sha256Hex;
  /** Kernels whose kernel-devel the mirror does not have yet, as `version-release`. */
  readonly waitingForDevel: readonly string[];
  /** By its name there: the first look that found a kernel without its kernel-devel. */
  readonly waitingSince?: Readonly<Record<string, string>>;
  /** Kernels that are known and not offered any more: by release, the first good look without it. */
  readonly goneSince?: Readonly<Record<string, string>>;
  /** Those of them that upstream took back: what it offers of their flavour is older. */
  readonly withdrawn?: readonly string[];
  /** Kernels that are offered and could not be had, by `version-release`: why, at the last attempt. */
  readonly notStored?: Readonly<Record<string, string>>;
  readonly accepted?: AcceptedLook;
  /** Absent while looks are believed. */
  readonly quarantine?: Quarantine | undefined;
  /** The last time that somebody believed a look in quarantine. */
  readonly acceptance?: LookAcceptance;
}

/** What is remembered of streams. */
export interface StreamRecords {
  readStream(stream: string): Promise<StreamRecord | undefined>;
  writeStream(stream: string, record: StreamRecord): Promise<void>;
  /** Changes a record; the changes of this process come one after the other. Nothing is written for undefined. */
  updateStream(
    stream: string,
    change: (before: StreamRecord | undefined) => StreamRecord | undefined,
  ): Promise<void>;
}

/** Opens the records of streams in a data directory. */
export function openStreamRecords(data: DataDirectory): StreamRecords {
  const oneAtATime = createOneAtATime();
  const readStream = (stream: string): Promise<StreamRecord | undefined> =>
    readJson(data.streamFile(stream), isStreamRecord);
  const writeStream = (stream: string, record: StreamRecord): Promise<void> =>
    writeJson(data.streamFile(stream), record);
  return {
    readStream,
    writeStream,
    updateStream: (stream, change) =>
      oneAtATime(stream, async () => {
        const after = change(await readStream(stream));
        if (after) await writeStream(stream, after);
      }),
  };
}

function isStreamRecord(value: unknown): value is StreamRecord {
  return hasKeys(value, 'lookedAt', 'isOk', 'message', 'validators', 'waitingForDevel');
}
