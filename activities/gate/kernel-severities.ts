import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SEVERITIES, type Severity } from '../../model/gate.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { Stream } from '../../model/settings.ts';
import { parseAdvisory } from '../../rpm/advisory.ts';
import { formatEvr } from '../../rpm/evr.ts';
import { listKernelNames } from '../../rpm/kernels.ts';
import { readJson, writeJson } from '../atomic-file.ts';
import type { DataDirectory } from '../data-directory.ts';
import { formatOf } from '../decompress.ts';
import { hasKeys } from '../has-keys.ts';
import { listUpstreams } from '../mirrors.ts';
import { withScratch } from '../scratch.ts';
import { fetchMetadataFile, type OpenRepository, openUpstream } from './fetch-metadata.ts';
import { readElements, SPLITS } from './read-elements.ts';

/** What the advisories of a stream say of its kernels, and of which file they were read. */
interface SeverityRecord {
  /** Checksum of updateinfo metadata → `name evr` of a kernel's package → the gravest. */
  readonly byFile: Readonly<Record<string, Readonly<Record<string, Severity>>>>;
}

/** Tells the gravest security advisory that brings a kernel. */
export type SeverityLookup = (kernel: Pick<Kernel, 'flavour' | 'evr'>) => Severity | undefined;

/**
 * Finds the gravest security advisory that brings each kernel; of kernels that none brings nothing.
 *
 * @returns Severities by kernel release.
 */
export async function readKernelSeverities(
  stream: Stream,
  kernels: readonly Kernel[],
  { data, signal }: { readonly data: DataDirectory; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, Severity>> {
  const severityOf = await readSeverities(stream, { data, signal });
  return new Map(
    kernels.flatMap((kernel) => {
      const severity = severityOf(kernel);
      return severity === undefined ? [] : [[kernel.release, severity] as const];
    }),
  );
}

/**
 * Reads what the advisories of a stream say of its kernels, of those too that are not in the store yet.
 */
export async function readSeverities(
  stream: Stream,
  { data, signal }: { readonly data: DataDirectory; readonly signal: AbortSignal },
): Promise<SeverityLookup> {
  const path = data.advisoriesFile(stream.name);
  const before = await readJson(path, isSeverityRecord);
  const byFile: Record<string, Readonly<Record<string, Severity>>> = {};
  const { scratch } = data;
  for (const upstream of listUpstreams(stream)) {
    const repository = await openUpstream(upstream, { trust: stream.trust, scratch, signal });
    const file = repository.repomd.files.find(({ type }) => type === 'updateinfo');
    if (!file) continue;
    const key = file.checksum.value;
    byFile[key] =
      before?.byFile[key] ?? (await readAdvisories(stream, repository, { data, signal }));
  }
  await writeJson(path, { byFile });
  return lookUpIn(stream, { byFile });
}

/** The same without asking the mirror: what was known when the advisories were read last. */
export async function readKnownSeverities(
  stream: Stream,
  data: DataDirectory,
): Promise<SeverityLookup> {
  const record = await readJson(data.advisoriesFile(stream.name), isSeverityRecord);
  return lookUpIn(stream, record ?? { byFile: {} });
}

function lookUpIn(stream: Stream, { byFile }: SeverityRecord): SeverityLookup {
  const known = Object.values(byFile);
  return (kernel) => {
    const names = listKernelNames(stream.family, kernel.flavour);
    const found = known.flatMap((severities) =>
      names.flatMap((name) => severities[`${name} ${formatEvr(kernel.evr)}`] ?? []),
    );
    return SEVERITIES.find((severity) => found.includes(severity));
  };
}

async function readAdvisories(
  stream: Stream,
  repository: OpenRepository,
  { data, signal }: { readonly data: DataDirectory; readonly signal: AbortSignal },
): Promise<Readonly<Record<string, Severity>>> {
  const file = repository.repomd.files.find(({ type }) => type === 'updateinfo');
  if (!file) return {};
  const wanted = new Set(
    stream.family.flavours.flatMap((flavour) => listKernelNames(stream.family, flavour)),
  );
  const found: Record<string, Severity> = {};
  await withScratch(data, 'advisories', async (directory) => {
    await mkdir(directory, { recursive: true });
    const path = await fetchMetadataFile(repository, file, { directory, signal });
    const { location } = file;
    const thing = join(repository.baseUrl, location);
    const elements = { ...SPLITS.updateinfo, path, format: formatOf(location), thing, signal };
    for await (const text of readElements(elements)) {
      const { type, severity, packages } = parseAdvisory(text);
      if (type !== 'security' || severity === undefined) continue;
      for (const part of packages) {
        if (!wanted.has(part.name)) continue;
        const key = `${part.name} ${formatEvr(part)}`;
        found[key] = graver(severity, found[key]);
      }
    }
  });
  return found;
}

function graver(one: Severity, other: Severity | undefined): Severity {
  if (other === undefined) return one;
  return SEVERITIES.indexOf(one) <= SEVERITIES.indexOf(other) ? one : other;
}

function isSeverityRecord(value: unknown): value is SeverityRecord {
  return hasKeys(value, 'byFile');
}
