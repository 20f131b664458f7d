import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { findProgram } from '../../activities/find-program.ts';
import { type PublishActivities, placeOf, publishActivities } from '../../activities/publish.ts';
import { closeSigningKey, openSigningKey, type SigningKey } from '../../activities/signing-key.ts';
import type { SnapshotPlace } from '../../activities/snapshot/snapshot-place.ts';
import type { BuiltPackage } from '../../model/cell.ts';
import type { Keep } from '../../model/settings.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { inActivity } from './activity-context.ts';
import { type DataRig, KEEP, makeDataRig, NOW, settingsOf } from './data-rig.ts';
import { makeScratch } from './scratch.ts';

export const SERVER = 'http://127.0.0.1:8470';

/** Where dnf is, as the publisher's dependencies have it. Most tests do without, it takes half a second. */
export const withDnf = await findProgram('dnf', process.env.PATH ?? '').then((dnf) =>
  dnf === undefined ? {} : { dnf },
);

/** A key that signs. */
export interface KeyRig extends AsyncDisposable {
  readonly key: SigningKey;
}

/** Makes a key, which takes longer than all else; one is enough for all tests of a file. */
export async function makeKeyRig(): Promise<KeyRig> {
  const scratch = await makeScratch();
  const key = await openSigningKey({}, layOutDataDirectory(scratch.path));
  return {
    key,
    async [Symbol.asyncDispose]() {
      await closeSigningKey(key);
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** The repository `kmods` of a data directory, and its publisher's activities. */
export interface PublishRig extends AsyncDisposable {
  readonly rig: DataRig;
  readonly place: SnapshotPlace;
  readonly activities: PublishActivities;
  readonly publish: (
    ...packages: Parameters<PublishActivities['publishPackages']>[0]['packages']
  ) => ReturnType<PublishActivities['publishPackages']>;
  /** Puts a fixture into the store, under its own name or another. */
  add(fixture: string, fileName?: string): Promise<BuiltPackage>;
  /** Names in a directory of the repository, sorted. */
  list(...parts: readonly string[]): Promise<readonly string[]>;
  /** Lets time pass. */
  wait(durationMs: number): void;
}

/** @param keep What differs from the defaults. */
export async function startPublishRig(
  key: SigningKey,
  keep: Partial<Keep> = {},
): Promise<PublishRig> {
  const rig = await makeDataRig();
  let now = Date.parse(NOW);
  const repositories = [{ name: 'kmods', keep: { ...KEEP, ...keep } }];
  const settings = settingsOf({ repositories });
  const deps = { ...rig, settings, key, serverUrl: SERVER, now: () => new Date(now) };
  const activities = publishActivities(deps);
  const place = placeOf(deps, 'kmods');
  return {
    rig,
    place,
    activities,
    publish: (...packages) =>
      inActivity(() => activities.publishPackages({ repository: 'kmods', packages })),
    async add(fixture, fileName = fixture) {
      const stored = await rig.store.addFile(fixturePath(`rpms/${fixture}`));
      const nevra = { name: 'kmod-demo', epoch: 1, version: '1', release: '1', arch: 'x86_64' };
      return { fileName, nevra, ...stored };
    },
    list: async (...parts) => (await readdir(join(place.directory, ...parts))).sort(),
    wait(durationMs) {
      now += durationMs;
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
