import { join } from 'node:path';
import type { Settings } from '../model/settings.ts';
import type { RollbackRequest, RollbackResult } from '../model/workflow-messages.ts';
import type { ContentStore } from './content-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { withHeartbeat } from './heartbeat.ts';
import { createOneAtATime } from './one-at-a-time.ts';
import type { Records } from './records.ts';
import { requireNamed } from './require-named.ts';
import type { MetadataKey } from './signing-key.ts';
import {
  changeRepository,
  type Publication,
  type RepositoryChange,
  type ServedSnapshot,
} from './snapshot/change-repository.ts';
import { decidePublication, type PublishedPackage } from './snapshot/decide-publication.ts';
import { decideRollback } from './snapshot/decide-rollback.ts';
import { decideTidying } from './snapshot/decide-tidying.ts';
import type { DecisionContext } from './snapshot/decision-context.ts';
import { mirrorSnapshot } from './snapshot/mirror-snapshot.ts';
import {
  pathOfSnapshot,
  readCurrentSnapshot,
  type SnapshotPlace,
} from './snapshot/snapshot-place.ts';

export interface PublishDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly records: Records;
  readonly key: MetadataKey;
  /** Where the own HTTP server serves the data directory's repositories. */
  readonly serverUrl: string;
  /** Path of dnf, where it is installed. */
  readonly dnf?: string;
  readonly now: () => Date;
  readonly onChange: () => void;
}

/** See {@link publishActivities}. */
export type PublishActivities = ReturnType<typeof publishActivities>;

type Decide = (
  served: ServedSnapshot,
  context: DecisionContext,
) => Promise<RepositoryChange | undefined>;

/** By directory; shared by activities of before and after a reload. */
const oneAtATime = createOneAtATime();

/** Activities of the publish station; the workflow `publishRepository` is the only caller. */
export function publishActivities(deps: PublishDeps) {
  const { settings, records } = deps;

  /** Brings packages into a repository: a new snapshot, or the served one if it has them all. */
  async function publishPackages(request: {
    readonly repository: string;
    readonly packages: readonly PublishedPackage[];
  }): Promise<Publication> {
    const publication = await change(request.repository, (served, context) =>
      decidePublication(served, request.packages, context),
    );
    return publication ?? bug('nothing is served after a publication');
  }

  /** Lists no more what was built for kernels that are gone for long, and lets go what lingered. */
  async function tidyRepository(request: {
    readonly repository: string;
  }): Promise<Publication | undefined> {
    return await change(request.repository, (served, context) =>
      decideTidying(served, { ...context, settings }),
    );
  }

  /**
   * Serves again what an earlier snapshot listed, as a new snapshot.
   *
   * @throws {NotFoundError} If there is no such snapshot to go back to.
   */
  async function rollBack(request: RollbackRequest): Promise<RollbackResult> {
    const publication = await change(request.repository, (served, context) =>
      decideRollback(served, request, context),
    );
    return publication ?? bug('nothing is served after a rollback');
  }

  async function change(name: string, decide: Decide): Promise<Publication | undefined> {
    const place = placeOf(deps, name);
    const { directory } = place;
    const { keep, mirror } = requireNamed(settings.repositories, 'publish to', 'repository', name);
    return await withHeartbeat((signal) =>
      oneAtATime(directory, async () => {
        const ended = await changeRepository(
          place,
          (served) =>
            decide(served, { name, directory, keep, records, now: deps.now().toISOString() }),
          { ...deps, keep, signal },
        );
        if (!ended) return undefined;
        const { isChanged, ...publication } = ended;
        if (isChanged) deps.onChange();
        return { ...publication, ...(mirror ? { hasMirror: true } : {}) };
      }),
    );
  }

  /** Brings what is served to the repository's mirror. */
  async function mirrorRepository({
    repository: name,
  }: {
    readonly repository: string;
  }): Promise<void> {
    const { mirror } = requireNamed(settings.repositories, 'mirror', 'repository', name);
    const { directory } = placeOf(deps, name);
    await withHeartbeat((signal) =>
      oneAtATime(directory, async () => {
        const current = await readCurrentSnapshot(directory);
        if (!mirror || current === undefined) return;
        await mirrorSnapshot(pathOfSnapshot(directory, current), mirror, signal);
      }),
    );
  }

  return { publishPackages, tidyRepository, rollBack, mirrorRepository };
}

/** Where a repository lies and how clients reach it. */
export function placeOf(
  deps: Pick<PublishDeps, 'settings' | 'data' | 'serverUrl'>,
  name: string,
): SnapshotPlace {
  const { repositories } = deps.settings;
  const repository = requireNamed(repositories, 'publish to', 'repository', name);
  return {
    name,
    title: `Kernel modules kept by rekmod (${name})`,
    directory: join(deps.data.repositories, name),
    baseUrl: (repository.baseUrl ?? `${deps.serverUrl}/repositories/${name}`).replace(/\/$/, ''),
  };
}

function bug(what: string): never {
  throw new Error(`BUG: ${what}`);
}
