import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../model/activity-errors.ts';
import type { KernelExports } from '../model/kabi-check.ts';
import {
  findKernelPart,
  isKernelPackage,
  type KernelPart,
  listBondNames,
  listKernelNames,
  mergeKernelProvides,
  nameKernelOf,
} from '../rpm/kernel-provides.ts';
import { flavourOfRelease, releaseOfPath } from '../rpm/kernel-release.ts';
import { releaseFromPaths } from '../rpm/kernels.ts';
import { readKernelParts } from './kernel-parts.ts';
import { findRepository, isFile, locate } from './location.ts';
import { openRpm } from './rpm-file.ts';
import { type FileKind, sniffFile } from './sniff-file.ts';
import { findPackagedSymvers, readSymversFile } from './symvers-file.ts';

/** How foreign packages, modules and kernels are read. */
export interface ForeignOptions {
  /** Look at what packages require and provide even where their content tells more. */
  readonly isMetadataOnly: boolean;
  /** Holds a repository's metadata for a moment. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** Beyond any package's metadata; a compressed file that unpacks to more at once is a bomb. */
const MAX_START_BYTES = 64 * 1024 * 1024;
/** Where a directory such as `/lib/modules/<release>` has a kernel's exports. */
const SYMVERS_NAMES = [
  'Module.symvers',
  'symvers.gz',
  'symvers.xz',
  'symvers.zst',
  'build/Module.symvers',
];

/**
 * Reads what a kernel exports, from whatever there is of it:
 * - `Module.symvers`, or its copy `symvers-<release>.gz` (xz, zstd; whatever it is called)
 * - a package that has one of those: `kernel-devel`, `kernel-core`, SUSE's `kernel-default`
 * - packages that only provide `kernel(symbol) = crc`; those of one kernel are put together
 * - a directory with any of these, e.g. `/lib/modules/<release>`
 * - a repository or its primary metadata, with the kernel's name behind a `#`:
 *   `https://mirror.example.org/BaseOS/os/#5.14.0-611.el9`
 *
 * @param sources At least one; several are parts of one kernel.
 * @throws {NotFoundError} If nothing is there, or no such kernel.
 * @throws {ContentInvalidError} If they are several kernels, or nothing tells what the kernel exports.
 */
export async function readKernelExports(
  sources: readonly string[],
  options: ForeignOptions,
): Promise<KernelExports> {
  const wholes: KernelExports[] = [];
  const parts: KernelPart[] = [];
  for (const source of sources) {
    const read = await readSource(source, options);
    wholes.push(...read.wholes);
    parts.push(...read.parts);
  }
  const thing = sources.join(' ');
  const [whole] = wholes;
  const merged = whole ? undefined : mergeKernelProvides(parts);
  const kernel = whole ?? merged;
  if (!kernel) throw new ContentInvalidError(thing, 'expected symbols of a kernel, found none');
  const strangers = [
    ...wholes.filter(({ name }) => name !== kernel.name).map(({ name }) => name),
    ...parts.filter((part) => !isOf(part, kernel, parts)).map(nameKernelOf),
  ];
  if (strangers.length === 0) return kernel;
  const detail = `expected packages of one kernel, found ${kernel.name} and ${strangers[0]}`;
  throw new ContentInvalidError(thing, detail);
}

interface ReadSource {
  /** Kernels that are known completely. */
  readonly wholes: readonly KernelExports[];
  readonly parts: readonly KernelPart[];
}

function isOf(part: KernelPart, kernel: KernelExports, parts: readonly KernelPart[]): boolean {
  const [first] = parts;
  if (kernel.isFromMetadata && first) return nameKernelOf(part) === nameKernelOf(first);
  return listKernelNames(part).some((name) => kernel.releases.includes(name));
}

async function readSource(source: string, options: ForeignOptions): Promise<ReadSource> {
  const { path, wanted } = splitName(source);
  const location = await locate(path);
  switch (location.kind) {
    case 'repository':
      return await readParts(location, wanted, { ...options, thing: path });
    case 'directory':
      return await readDirectory(location.path, wanted, options);
    case 'file':
      return await readKernelFile(location.path, wanted, options);
  }
}

/** `https://…/os/#5.14.0-611.el9` → the repository and the kernel. */
function splitName(source: string): { readonly path: string; readonly wanted?: string } {
  const hash = source.lastIndexOf('#');
  if (hash === -1) return { path: source };
  const wanted = source.slice(hash + 1);
  const path = source.slice(0, hash);
  return wanted === '' ? { path } : { path, wanted };
}

async function readParts(
  source: Parameters<typeof readKernelParts>[0],
  wanted: string | undefined,
  options: Parameters<typeof readKernelParts>[2],
): Promise<ReadSource> {
  return { wholes: [], parts: await readKernelParts(source, wanted, options) };
}

async function readDirectory(
  directory: string,
  wanted: string | undefined,
  options: ForeignOptions,
): Promise<ReadSource> {
  const repository = await findRepository(directory);
  if (repository && (wanted !== undefined || options.isMetadataOnly)) {
    const source = { kind: 'repository', url: repository } as const;
    return await readParts(source, wanted, { ...options, thing: directory });
  }
  const wholes: KernelExports[] = [];
  const parts: KernelPart[] = [];
  for (const path of await listKernelFiles(directory)) {
    const read = await readKernelFile(path, wanted, options);
    wholes.push(...read.wholes);
    parts.push(...read.parts);
  }
  return { wholes, parts };
}

async function listKernelFiles(directory: string): Promise<readonly string[]> {
  for (const name of SYMVERS_NAMES) {
    const path = join(directory, name);
    if (await isFile(path)) return [path];
  }
  const names = (await readdir(directory)).filter((name) => /^kernel.*\.rpm$/.test(name));
  return names.sort().map((name) => join(directory, name));
}

async function readKernelFile(
  path: string,
  wanted: string | undefined,
  options: ForeignOptions,
): Promise<ReadSource> {
  const { signal } = options;
  const kind = await sniffFile(path, { maxBytes: MAX_START_BYTES, signal });
  switch (kind.content) {
    case 'rpm':
      return await readKernelPackage(path, wanted, options);
    case 'xml': {
      const source = { kind: 'primary', path, format: kind.format } as const;
      return await readParts(source, wanted, { ...options, thing: path });
    }
    case 'module':
      throw new ContentInvalidError(path, 'expected what a kernel exports, found a kernel module');
    case 'text':
      return { wholes: [await readSymvers(path, kind, signal)], parts: [] };
  }
}

async function readSymvers(
  path: string,
  { format }: FileKind,
  signal: AbortSignal,
): Promise<KernelExports> {
  const content = await readSymversFile(path, format, signal);
  const release = releaseOfPath(path);
  if (release === undefined) return { name: path, releases: [], ...content };
  return { name: release, releases: [release], flavour: flavourOfRelease(release), ...content };
}

async function readKernelPackage(
  path: string,
  wanted: string | undefined,
  options: ForeignOptions,
): Promise<ReadSource> {
  const rpm = await openRpm(path);
  const { nevra, files } = rpm.header;
  // A kmod's devel package has a Module.symvers, too.
  if (!isKernelPackage(nevra.name)) {
    throw new ContentInvalidError(path, `expected a package of a kernel, found "${nevra.name}"`);
  }
  const part = findKernelPart(nevra, rpm.header);
  const paths = files.map((file) => file.path);
  const release = releaseFromPaths(paths) ?? paths.map(releaseOfPath).find((one) => one);
  // The path has the real spelling: RPM has none for a uname with two dashes.
  const known = part && { ...part, releases: unameFirst(release, part) };
  const names = known ? listKernelNames(known) : [...(release === undefined ? [] : [release])];
  if (wanted !== undefined && !names.includes(wanted)) return { wholes: [], parts: [] };
  const content = options.isMetadataOnly
    ? undefined
    : await findPackagedSymvers(rpm, path, options.signal);
  if (!content) {
    if (known) return { wholes: [], parts: [known] };
    const detail = 'expected what a kernel exports, found neither Module.symvers nor kernel(…)';
    throw new ContentInvalidError(path, detail);
  }
  const kernel: KernelExports = {
    name: names[0] ?? path,
    releases: known ? listBondNames(known) : names,
    arch: nevra.arch,
    ...(release === undefined ? {} : { flavour: flavourOfRelease(release) }),
    ...content,
  };
  return { wholes: [kernel], parts: [] };
}

function unameFirst(release: string | undefined, { releases }: KernelPart): readonly string[] {
  return [...new Set(release === undefined ? releases : [release, ...releases])];
}
