import { join } from 'node:path';
import type { Kmod } from '../../model/kmod.ts';
import type { Sha256Hex, StoredFile } from '../../model/store.ts';
import type { Validators } from '../../model/stream-watch.ts';
import { readJson, writeJson } from '../atomic-file.ts';
import type { DataDirectory } from '../data-directory.ts';
import { hasKeys } from '../has-keys.ts';

/** What a branch, or a package's name, stood for when it was looked at. */
export type SourcePin =
  | { readonly kind: 'commit'; readonly commit: string }
  | { readonly kind: 'file'; readonly file: StoredFile; readonly name: string };

/** What is remembered of a kmod whose source lies elsewhere. */
export interface PinRecord {
  /** The source as the inventory names it; another one makes the record worthless. */
  readonly source: string;
  /** When it was looked at last, ISO 8601 in UTC. */
  readonly checkedAt: string;
  readonly newest: SourcePin;
  /** What makes the next look conditional. */
  readonly validators?: Validators;
  /** What the last sources were made of, so that a build gets the one that was planned; newest first. */
  readonly bySource: readonly { readonly sourceDigest: Sha256Hex; readonly pin: SourcePin }[];
}

/** What a look found. */
export interface PinLook {
  readonly checkedAt: string;
  readonly pin: SourcePin;
  readonly validators?: Validators;
}

/** Remembers pins in the data directory's cache: what is lost there is asked for again. */
export interface SourcePins {
  /** @returns undefined if nothing is known of this very source. */
  read(kmod: Kmod): Promise<PinRecord | undefined>;
  /** Notes what a look found. */
  note(kmod: Kmod, look: PinLook): Promise<void>;
  /** Notes which source was made of a pin. */
  noteSource(kmod: Kmod, sourceDigest: Sha256Hex, pin: SourcePin): Promise<void>;
}

/** Builds of so many sources can be under way; one a rollout is the rule. */
const REMEMBERED_SOURCES = 16;

/** Opens the pins of a data directory; each kmod's are a file of their own. */
export function openSourcePins(data: DataDirectory): SourcePins {
  const pathOf = (kmod: Kmod): string => join(data.cache, 'sources', `${kmod.name}.json`);

  async function read(kmod: Kmod): Promise<PinRecord | undefined> {
    const record = await readJson(pathOf(kmod), isPinRecord);
    return record?.source === describeSource(kmod) ? record : undefined;
  }

  return {
    read,
    async note(kmod, { checkedAt, pin, validators }) {
      const known = await read(kmod);
      await writeJson(pathOf(kmod), {
        source: describeSource(kmod),
        checkedAt,
        newest: pin,
        ...(validators === undefined ? {} : { validators }),
        bySource: known?.bySource ?? [],
      } satisfies PinRecord);
    },
    async noteSource(kmod, sourceDigest, pin) {
      const known = await read(kmod);
      if (!known || known.bySource[0]?.sourceDigest === sourceDigest) return;
      const others = known.bySource.filter((entry) => entry.sourceDigest !== sourceDigest);
      const bySource = [{ sourceDigest, pin }, ...others].slice(0, REMEMBERED_SOURCES);
      await writeJson(pathOf(kmod), { ...known, bySource } satisfies PinRecord);
    },
  };
}

function describeSource({ source }: Kmod): string {
  return JSON.stringify(source);
}

function isPinRecord(value: unknown): value is PinRecord {
  return hasKeys(value, 'source', 'checkedAt', 'newest', 'bySource');
}
