import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Keep, Settings } from '../../model/settings.ts';
import type { Sha256Hex } from '../../model/store.ts';
import { writeRepomd } from '../../rpm/write-repomd.ts';
import { readJson, writeJson } from '../atomic-file.ts';
import type { ContentStore } from '../content-store.ts';
import type { DataDirectory } from '../data-directory.ts';
import { hasKeys } from '../has-keys.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { createOneAtATime } from '../one-at-a-time.ts';
import { placeOf } from '../publish.ts';
import type { Records } from '../records.ts';
import { requireNamed } from '../require-named.ts';
import { withScratch } from '../scratch.ts';
import type { MetadataKey } from '../signing-key.ts';
import { removeExpired } from '../snapshot/change-repository.ts';
import { removeLeftovers } from '../snapshot/remove-leftovers.ts';
import { serveSnapshot } from '../snapshot/serve-snapshot.ts';
import {
  pathOfSnapshot,
  readCurrentSnapshot,
  type SnapshotPlace,
} from '../snapshot/snapshot-place.ts';
import { readSnapshotContent } from '../snapshot/snapshot-records.ts';
import { writeSnapshot } from '../snapshot/write-snapshot.ts';
import { chooseListed, listPackages } from './choose-listed.ts';
import {
  digestContent,
  type GatedStream,
  gatherView,
  openSources,
  type ViewContent,
} from './gather-view.ts';
import { linkPackages } from './link-packages.ts';
import { requireBelieved } from './require-believed.ts';
import { writeViewMetadata } from './write-view.ts';

export interface ServeViewDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly records: Records;
  readonly key: MetadataKey;
  readonly serverUrl: string;
  readonly now: () => Date;
  readonly onChange: () => void;
}

/** What the gated repository lists. */
export interface ServedView {
  readonly snapshot: string;
  readonly packageCount: number;
  /** Kernels that it lists, oldest first. */
  readonly releases: readonly string[];
}

/** See {@link serveViewActivities}. */
export type ServeViewActivities = ReturnType<typeof serveViewActivities>;

/** Lies in a snapshot; servers do not show it. */
const MARK = '.view.json';

/** What the last snapshot was made from. */
interface ViewMark extends Omit<ServedView, 'snapshot'> {
  readonly digest: Sha256Hex;
}

/** By directory; shared by activities of before and after a reload. */
const oneAtATime = createOneAtATime();

/** Activities of the gated repositories; the workflow `gateStream` is the only caller. */
export function serveViewActivities(deps: ServeViewDeps) {
  /**
   * Makes the gated repository of a stream list these kernels, with their kmods, and everything else that upstream
   * lists now. One `repomd.xml` names them all, so a client sees a kernel and its kmods at once or neither.
   *
   * @throws {LookQuarantinedError} If upstream lost more than a look would believe: what is served stays.
   */
  async function serveView(input: {
    readonly stream: string;
    /** Kernels that are let through. */
    readonly releases: readonly string[];
  }): Promise<ServedView> {
    const stream = requireNamed(deps.settings.streams, 'gate', 'stream', input.stream);
    const { gate } = stream;
    if (!gate) throw new Error(`BUG: stream ${stream.name} has no gate`);
    const { keep } = requireNamed(
      deps.settings.repositories,
      'gate in',
      'repository',
      gate.repository,
    );
    const place: SnapshotPlace = {
      ...placeOf(deps, gate.repository),
      title: `${stream.title}, kernels let through by rekmod`,
      vendorKeys: stream.trust.gpgCheck ? stream.trust.gpgKeys : [],
      hasUnsigned: !stream.trust.gpgCheck,
    };
    await mkdir(place.directory, { recursive: true });
    return await withHeartbeat((signal) =>
      oneAtATime(place.directory, () =>
        serve({ stream: { ...stream, gate }, place, keep, releases: input.releases, signal }, deps),
      ),
    );
  }

  return { serveView };
}

interface ViewRequest {
  readonly stream: GatedStream;
  readonly place: SnapshotPlace;
  readonly keep: Keep;
  readonly releases: readonly string[];
  readonly signal: AbortSignal;
}

async function serve(request: ViewRequest, deps: ServeViewDeps): Promise<ServedView> {
  const { place, keep, signal } = request;
  signal.throwIfAborted();
  await removeLeftovers(place.directory);
  const current = await readCurrentSnapshot(place.directory);
  const before = current === undefined ? undefined : await readMark(place.directory, current);
  const content = await gatherView({ ...request, before: before?.releases ?? [] }, deps);
  const keyText = await readFile(deps.key.publicKeyFile, 'utf8');
  const digest = digestContent(content, request.stream, keyText);
  if (current !== undefined && before?.digest === digest) {
    const { packageCount, releases } = before;
    return { snapshot: current, packageCount, releases };
  }
  const view = await write(request, { current, content, digest }, deps);
  await serveSnapshot(place.directory, view.snapshot);
  await removeExpired(place.directory, view.snapshot, { keep, now: deps.now });
  deps.onChange();
  return view;
}

async function write(
  { stream, place, keep, signal }: ViewRequest,
  { current, content, digest }: ViewDraft,
  deps: ServeViewDeps,
): Promise<ServedView> {
  const releases = content.kernels.map(({ release }) => release);
  const former = await listFormer(place.directory, current);
  return await withScratch(deps.data, 'view', async (scratch) => {
    const sources = await openSources(content, { scratch, signal });
    await requireBelieved(stream, sources.upstream, deps.records);
    const listed = chooseListed(sources, content, stream);
    const packages = listPackages(listed, deps.now().toISOString());
    const mark: ViewMark = { digest, releases, packageCount: packages.length };
    async function fill(tree: string): Promise<void> {
      const repodata = join(tree, 'repodata');
      await mkdir(repodata, { recursive: true });
      await linkPackages(tree, listed, { stream, ...deps, former, signal });
      const files = await writeViewMetadata(listed, { directory: repodata, signal });
      const seconds = Math.floor(deps.now().getTime() / 1000);
      const repomd = writeRepomd(files, { revision: `${seconds}`, timestampSeconds: seconds });
      await writeFile(join(repodata, 'repomd.xml'), repomd);
      await writeJson(join(tree, MARK), mark);
    }
    const sentence = releases.length === 0 ? 'no kernel' : releases.join(', ');
    const { snapshot, packageCount } = await writeSnapshot(
      place,
      current,
      { cause: { kind: 'view', sentence }, packages, withheld: [], fill },
      { key: deps.key, now: deps.now, graceMs: keep.graceMs, signal },
    );
    return { snapshot, packageCount, releases };
  });
}

interface ViewDraft {
  readonly current: string | undefined;
  readonly content: ViewContent;
  readonly digest: Sha256Hex;
}

async function listFormer(
  directory: string,
  current: string | undefined,
): Promise<ReadonlySet<string>> {
  if (current === undefined) return new Set();
  const { packages } = await readSnapshotContent(pathOfSnapshot(directory, current));
  return new Set(packages.map(({ sha256 }) => sha256));
}

async function readMark(directory: string, snapshot: string): Promise<ViewMark | undefined> {
  return await readJson(join(pathOfSnapshot(directory, snapshot), MARK), isMark);
}

function isMark(value: unknown): value is ViewMark {
  return hasKeys(value, 'digest', 'releases');
}
