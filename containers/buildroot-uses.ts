import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Sha256Hex } from '../model/store.ts';

/** That a data directory uses a buildroot. */
export interface BuildrootUse {
  readonly digest: Sha256Hex;
  /** See {@link Buildroot.id}. */
  readonly id: string;
  /** `<stream>/<release>`, as in the label. */
  readonly kernel: string;
  /** Another one with every use. */
  readonly token: string;
}

/** Remembers which buildroots a data directory uses; others of the machine may use the same ones. */
export interface BuildrootUses {
  note(use: Omit<BuildrootUse, 'token'>): Promise<void>;
  list(): Promise<readonly BuildrootUse[]>;
  forget(digest: Sha256Hex): Promise<void>;
}

const Use = z.object({
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  id: z.string(),
  kernel: z.string(),
  token: z.string(),
});

/** Keeps uses below a directory, a file each. */
export function openBuildrootUses(directory: string): BuildrootUses {
  const pathOf = (digest: Sha256Hex): string => join(directory, `${digest}.json`);
  return {
    async note(use) {
      await mkdir(directory, { recursive: true });
      const path = pathOf(use.digest);
      const token = randomUUID();
      const text = JSON.stringify({ ...use, token } satisfies BuildrootUse);
      await writeFile(`${path}.${token}.new`, text);
      await rename(`${path}.${token}.new`, path);
    },
    async list() {
      const names = await readdir(directory).catch(() => []);
      const uses = await Promise.all(
        names
          .filter((name) => name.endsWith('.json'))
          .map((name) => readUse(join(directory, name))),
      );
      return uses.filter((use) => use !== undefined);
    },
    async forget(digest) {
      await rm(pathOf(digest), { force: true });
    },
  };
}

/** A record that is torn is no record: the next use writes it again. */
async function readUse(path: string): Promise<BuildrootUse | undefined> {
  try {
    return Use.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
