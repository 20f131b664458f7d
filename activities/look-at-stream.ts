import { mkdir } from 'node:fs/promises';
import type { KernelOffer, RepositoryPackage } from '../model/kernel.ts';
import type { Stream } from '../model/settings.ts';
import type { LookJudgement, SeenRepository } from '../model/stream-watch.ts';
import { isOlderRevision, judgeLook } from '../plan/judge-look.ts';
import { findKernelOffers, namesOfFamily } from '../rpm/kernels.ts';
import type { DataDirectory } from './data-directory.ts';
import { listUpstreams, type MirrorFault, type Upstream } from './mirrors.ts';
import { readUpstream, type UpstreamContent } from './read-upstream.ts';
import type { RepomdFacts } from './repository-metadata.ts';
import type { StreamRecord } from './stream-record.ts';

/** What all repositories of a stream say. */
export type StreamContent =
  | {
      readonly kind: 'unchanged';
      readonly seen: Readonly<Record<string, SeenRepository>>;
      readonly faults: readonly MirrorFault[];
    }
  | {
      readonly kind: 'read';
      readonly seen: Readonly<Record<string, SeenRepository>>;
      readonly faults: readonly MirrorFault[];
      /** Oldest first, with and without kernel-devel. */
      readonly offers: readonly KernelOffer[];
      /** By URL as configured. */
      readonly repomds: Readonly<Record<string, RepomdFacts>>;
      readonly judgement: LookJudgement;
    };

/** What a look at a stream's repositories needs. */
export interface StreamReading {
  readonly data: DataDirectory;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** From the last look at the same configuration; absent when there was none. */
  readonly record: StreamRecord | undefined;
}

/**
 * Reads what a stream offers and judges whether to believe it: one conditional request a repository when none has
 * changed, everything anew otherwise.
 *
 * @throws {StreamUnreachableError} And the other errors of {@link readUpstream}.
 */
export async function readStream(stream: Stream, reading: StreamReading): Promise<StreamContent> {
  const { record } = reading;
  const upstreams = listUpstreams(stream);
  // What is in quarantine is not read again while it stays as it is.
  const before = record?.quarantine?.seen ?? record?.validators ?? {};
  await mkdir(reading.data.scratch, { recursive: true });
  const contents = new Map<string, UpstreamContent>();
  for (const one of upstreams) contents.set(one.url, await readOne(one, before[one.url] ?? {}));
  const isUnchanged = [...contents.values()].every(({ content }) => content.kind === 'unchanged');
  if (isUnchanged) return { kind: 'unchanged', ...summarize(contents) };
  for (const one of upstreams) {
    if (contents.get(one.url)?.content.kind === 'unchanged') {
      contents.set(one.url, await readOne(one, {}));
    }
  }
  return judge(stream, contents, record);

  function readOne(upstream: Upstream, seen: SeenRepository): Promise<UpstreamContent> {
    const names = namesOfFamily(stream.family);
    const { data, now, signal } = reading;
    return readUpstream(upstream, {
      ...{ trust: stream.trust, scratch: data.scratch, now, signal, seen },
      atLeast: record?.accepted?.revisions[upstream.url],
      isWanted: (name, arch) => arch === stream.arch && names.has(name),
    });
  }
}

function judge(
  stream: Stream,
  contents: ReadonlyMap<string, UpstreamContent>,
  record: StreamRecord | undefined,
): StreamContent {
  const packages: RepositoryPackage[] = [];
  const repomds: Record<string, RepomdFacts> = {};
  const older: string[] = [];
  for (const [url, { content, seen }] of contents) {
    if (content.kind !== 'read') continue;
    packages.push(...content.packages);
    repomds[url] = content.repomd;
    const isOlder = isOlderRevision(content.repomd.revision, record?.accepted?.revisions[url]);
    if (isOlder) older.push(seen.baseUrl ?? url);
  }
  const { arch, family, maxLost } = stream;
  const offers = findKernelOffers(packages, { stream: stream.name, arch, family });
  const { offered } = record?.accepted ?? {};
  const before = offered === undefined ? {} : { before: offered };
  const judgement = judgeLook({ ...before, now: offers, older, maxLost });
  return { kind: 'read', ...summarize(contents), offers, repomds, judgement };
}

function summarize(
  contents: ReadonlyMap<string, UpstreamContent>,
): Pick<StreamContent, 'seen' | 'faults'> {
  return {
    seen: Object.fromEntries([...contents].map(([url, { seen }]) => [url, seen])),
    faults: [...contents.values()].flatMap(({ faults }) => faults),
  };
}
