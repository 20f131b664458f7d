import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Sha256Hex } from '../../model/store.ts';
import type { Toolchain } from '../../model/toolchain.ts';

const Nevra = z.object({
  name: z.string(),
  epoch: z.number(),
  version: z.string(),
  release: z.string(),
  arch: z.string(),
});

/** What is remembered of a root that mock has made and cached. */
const PreparedRoot = z.object({
  digest: z.string(),
  isolation: z.enum(['nspawn', 'simple']),
  devel: Nevra,
  toolchain: z.object({
    kernelConfig: z.array(z.string()),
    compilers: z.array(z.string()),
  }),
});

/** A root that mock has made and cached. */
export interface PreparedRoot {
  readonly digest: Sha256Hex;
  readonly isolation: 'nspawn' | 'simple';
  /** The one devel package that it holds. */
  readonly devel: z.infer<typeof Nevra>;
  readonly toolchain: Toolchain;
}

/** Where a root's configuration and the repository of its kernel lie. */
export interface RootPlace {
  /** Name of the root, alone on the machine, e.g. `rekmod-0123456789abcdef`. */
  readonly name: string;
  readonly directory: string;
  /** Path of the configuration, as `mock -r` takes it. */
  readonly config: string;
  readonly repository: string;
}

const PREFIX = 'mock:';
const NAME = /^rekmod-[0-9a-f]{16}$/;
const RECORD = 'prepared.json';

/** Lays out a root by its digest. */
export function placeRoot(directory: string, digest: Sha256Hex): RootPlace {
  return placeByName(directory, `rekmod-${digest.slice(0, 16)}`);
}

function placeByName(directory: string, name: string): RootPlace {
  const own = join(directory, name);
  const config = join(own, `${name}.cfg`);
  return { name, directory: own, config, repository: join(own, 'repository') };
}

/** Makes a buildroot's id, by which {@link findRoot} finds it. */
export function toBuildrootId({ name }: RootPlace): string {
  return `${PREFIX}${name}`;
}

/** Whether an id is one of mock's. */
export function isMockBuildroot(id: string): boolean {
  return id.startsWith(PREFIX);
}

/** Finds the place of a buildroot's id; `undefined` for an id of something else. */
export function findRoot(directory: string, id: string): RootPlace | undefined {
  const name = id.slice(PREFIX.length);
  return isMockBuildroot(id) && NAME.test(name) ? placeByName(directory, name) : undefined;
}

/** Makes the directories of a root, open to mock's unprivileged user. */
export async function makePlace({ directory, repository }: RootPlace): Promise<void> {
  await mkdir(repository, { recursive: true });
  for (const path of [directory, repository]) await chmod(path, 0o755);
}

/** Reads what is remembered of a root; `undefined` when it was not prepared. */
export async function readPrepared({ directory }: RootPlace): Promise<PreparedRoot | undefined> {
  try {
    return PreparedRoot.parse(JSON.parse(await readFile(join(directory, RECORD), 'utf8')));
  } catch {
    return undefined;
  }
}

export async function writePrepared({ directory }: RootPlace, root: PreparedRoot): Promise<void> {
  const path = join(directory, RECORD);
  await writeFile(`${path}.new`, JSON.stringify(root));
  await rename(`${path}.new`, path);
}
