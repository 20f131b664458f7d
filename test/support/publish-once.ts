import { openContentStore } from '../../activities/content-store.ts';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { findProgram } from '../../activities/find-program.ts';
import { publishActivities } from '../../activities/publish.ts';
import { openRecords } from '../../activities/records.ts';
import { openSigningKey, type SigningKey } from '../../activities/signing-key.ts';
import type { PublishedPackage } from '../../activities/snapshot/decide-publication.ts';
import { inActivity } from './activity-context.ts';
import { KEEP, settingsOf } from './data-rig.ts';
import { countSteps } from './kill-at-step.ts';

/** What this program is told to do. */
export interface PublishOnce {
  readonly home: string;
  readonly gnupgHome: string;
  readonly packages: readonly PublishedPackage[];
  readonly now: string;
  /** See `countSteps()`. */
  readonly killAt?: number;
  /** Gets the steps as JSON, if it lives to write them. */
  readonly stepsFile: string;
}

/** One publication as the worker makes it, on a data directory that is there. */
export async function publishOnce(
  { home, packages, now }: Pick<PublishOnce, 'home' | 'packages' | 'now'>,
  key: SigningKey,
): Promise<void> {
  const data = layOutDataDirectory(home);
  const store = openContentStore(data.store);
  const dnf = await findProgram('dnf', process.env.PATH ?? '');
  const { publishPackages } = publishActivities({
    ...{ data, store, records: openRecords(data, store), serverUrl: 'http://127.0.0.1:8470' },
    settings: settingsOf({
      repositories: [
        { name: 'kmods', keep: { ...KEEP, buildCount: 1, snapshotCount: 2, historyMs: 1 } },
      ],
    }),
    key,
    ...(dnf === undefined ? {} : { dnf }),
    now: () => new Date(now),
    onChange: () => undefined,
  });
  await inActivity(() => publishPackages({ repository: 'kmods', packages }));
}

const [given] = process.argv.slice(2);
if (process.argv[1] === import.meta.filename && given !== undefined) {
  const { killAt, stepsFile, gnupgHome, ...task }: PublishOnce = JSON.parse(given);
  const key = await openSigningKey({ gnupgHome }, layOutDataDirectory(task.home));
  const { steps, write } = await countSteps(killAt);
  await publishOnce(task, key);
  // The end of the work is a step as well: what follows the last one must be whole.
  await write(stepsFile, JSON.stringify(steps));
}
