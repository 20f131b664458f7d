import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openRpm } from '../../activities/rpm-file.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import type { Symvers } from '../../model/kabi.ts';
import { EXTRA_SYMBOLS_FILE } from '../../rpm/spec-extra-symbols.ts';

/** Reads what a kernel exports out of its kernel-devel. */
export type KabiReader = (develRpm: string, signal: AbortSignal) => Promise<Symvers>;

const MAX_SYMVERS_BYTES = 64 * 1024 * 1024;
/** As many kernels are built for at a time. */
const KEPT_KERNELS = 8;

/** Opens a reader that keeps the last few kernels in memory: all cells of a rollout are of one. */
export function openKabiReader(): KabiReader {
  const kept = new Map<string, Promise<Symvers>>();
  return async (develRpm, signal) => {
    const known = kept.get(develRpm);
    if (known) return await known;
    const reading = readKabi(develRpm, signal);
    reading.catch(() => kept.delete(develRpm));
    kept.set(develRpm, reading);
    for (const path of [...kept.keys()].slice(0, -KEPT_KERNELS)) kept.delete(path);
    return await reading;
  };
}

/** Reads what other kmods export, where a build is given such; empty where it is not. */
export async function readExtraSymbols(directory: string): Promise<Symvers> {
  const path = join(directory, EXTRA_SYMBOLS_FILE);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere ? parseSymvers(await readFile(path, 'utf8')) : new Map();
}

async function readKabi(develRpm: string, signal: AbortSignal): Promise<Symvers> {
  const files = await (await openRpm(develRpm)).readFiles({
    wants: (path) => path.endsWith('/Module.symvers'),
    maxBytesPerFile: MAX_SYMVERS_BYTES,
    signal,
  });
  const [bytes] = files.values();
  if (!bytes) throw new Error(`BUG: no Module.symvers in ${develRpm}`);
  return parseSymvers(new TextDecoder().decode(bytes));
}
