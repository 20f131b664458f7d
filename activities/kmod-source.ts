import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ContentInvalidError, NotFoundError } from '../model/activity-errors.ts';
import type { Kmod } from '../model/kmod.ts';
import type { Sha256Hex } from '../model/store.ts';
import {
  type Dialect,
  detectDialect,
  dialectNames,
  findDialect,
  type TargetKernel,
} from '../rpm/spec.ts';
import { isMissing } from './atomic-file.ts';
import { openRpm } from './rpm-file.ts';

/** A kmod's spec and sources, read. */
export interface KmodInput {
  readonly kmod: Kmod;
  readonly specName: string;
  readonly specText: string;
  /** The dialect that the spec is read in for a kernel; see {@link detectDialect}. */
  dialectFor(kernel: TargetKernel): Dialect;
  readonly sourceDigest: Sha256Hex;
  /** Puts the sources, without the spec, into a directory. */
  copySources(directory: string): Promise<void>;
}

const MAX_SOURCE_BYTES = 1024 * 1024 * 1024;

/**
 * Reads a kmod's source as the inventory names it.
 *
 * @throws {NotFoundError} If files are missing.
 * @throws {ContentInvalidError} If a source RPM holds no or several specs, or no dialect is known.
 */
export async function readKmodInput(kmod: Kmod, signal: AbortSignal): Promise<KmodInput> {
  try {
    return kmod.source.kind === 'spec'
      ? await readSpecSource(kmod, kmod.source)
      : await readSrpm(kmod, kmod.source.path, signal);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new NotFoundError('read the source of', kmod.name, `${error}`);
  }
}

async function readSpecSource(
  kmod: Kmod,
  source: Extract<Kmod['source'], { kind: 'spec' }>,
): Promise<KmodInput> {
  const specText = await readFile(source.spec, 'utf8');
  const specName = basename(source.spec);
  const isInSources = dirname(source.spec) === source.sources.replace(/\/$/, '');
  const files = await listFiles(source.sources);
  const names = files.filter((name) => !(isInSources && name === specName));
  const hash = createHash('sha256').update(JSON.stringify([specName, specText]));
  for (const name of names) await hashFile(hash, name, join(source.sources, name));
  return toInput(kmod, { specName, specText, hash }, async (directory) => {
    for (const name of names) await copyFile(join(source.sources, name), join(directory, name));
  });
}

/** Names of files, also of those that are symbolic links to files; sorted. */
async function listFiles(directory: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const name of (await readdir(directory)).sort()) {
    const found = await stat(join(directory, name)).catch(() => undefined);
    if (found?.isFile()) names.push(name);
  }
  return names;
}

async function hashFile(
  hash: ReturnType<typeof createHash>,
  name: string,
  path: string,
): Promise<void> {
  const { size } = await stat(path);
  if (size > MAX_SOURCE_BYTES) {
    throw new ContentInvalidError(
      path,
      `expected at most ${MAX_SOURCE_BYTES} bytes, found ${size}`,
    );
  }
  hash.update(JSON.stringify([name, size]));
  hash.update(await readFile(path));
}

async function readSrpm(kmod: Kmod, path: string, signal: AbortSignal): Promise<KmodInput> {
  const rpm = await openRpm(path);
  const files = await rpm.readFiles({
    wants: () => true,
    maxBytesPerFile: MAX_SOURCE_BYTES,
    signal,
  });
  const byName = new Map([...files].map(([name, bytes]) => [basename(name), bytes]));
  const specs = [...byName.keys()].filter((name) => name.endsWith('.spec'));
  const [specName] = specs;
  if (specName === undefined || specs.length > 1) {
    throw new ContentInvalidError(path, `expected one spec, found ${specs.length}`);
  }
  const specText = new TextDecoder().decode(byName.get(specName));
  byName.delete(specName);
  const hash = createHash('sha256').update(JSON.stringify([specName, specText]));
  for (const [name, bytes] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, bytes.byteLength])).update(bytes);
  }
  return toInput(kmod, { specName, specText, hash }, async (directory) => {
    for (const [name, bytes] of byName) await writeFile(join(directory, name), bytes);
  });
}

function toInput(
  kmod: Kmod,
  read: {
    readonly specName: string;
    readonly specText: string;
    readonly hash: ReturnType<typeof createHash>;
  },
  write: (directory: string) => Promise<void>,
): KmodInput {
  const { specName, specText, hash } = read;
  requireDialect(kmod, specText);
  return {
    kmod,
    specName,
    specText,
    dialectFor: (kernel) => requireDialect(kmod, specText, kernel),
    sourceDigest: hash.digest('hex'),
    async copySources(directory) {
      await mkdir(directory, { recursive: true });
      await write(directory);
    },
  };
}

function requireDialect(kmod: Kmod, specText: string, kernel?: TargetKernel): Dialect {
  const dialect =
    kmod.dialect === 'auto' ? detectDialect(specText, kernel) : findDialect(kmod.dialect);
  if (dialect) return dialect;
  const detail =
    kmod.dialect === 'auto'
      ? 'expected a spec of a known dialect, found none of their marks; name it with "dialect:"'
      : `expected a dialect (${dialectNames().join(', ')}), found "${kmod.dialect}"`;
  throw new ContentInvalidError(kmod.name, detail);
}
