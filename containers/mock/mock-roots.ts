import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildBackend, Buildroot, Labels } from '../backend.ts';
import { openBuildrootUses } from '../buildroot-uses.ts';
import type { MockProgram } from './find-mock.ts';
import { findRoot } from './root-store.ts';
import type { Runs } from './runs.ts';
import { cleanRoot } from './session.ts';

/** The roots that a data directory uses. */
export interface MockRoots {
  use(buildroot: Buildroot, labels: Labels): Promise<void>;
  readonly list: BuildBackend['listBuildroots'];
  readonly remove: BuildBackend['removeBuildroot'];
}

interface MockRootsDeps {
  readonly program: MockProgram;
  readonly runs: Runs;
  readonly rootsDirectory: string;
  /** Of the backend. */
  readonly directory: string;
}

/**
 * Opens the roots. mock's cache of one belongs to the machine: another data directory that uses the same has
 * mock make it again from its own configuration.
 */
export function openMockRoots({
  program,
  runs,
  rootsDirectory,
  directory,
}: MockRootsDeps): MockRoots {
  const uses = openBuildrootUses(join(directory, 'uses'));
  return {
    async use({ id, digest }, { kernel }) {
      if (kernel !== undefined) await uses.note({ id, digest, kernel });
    },
    list: () => uses.list(),
    async remove({ id, digest, token }) {
      const place = findRoot(rootsDirectory, id);
      if (place === undefined) return undefined;
      const running = (await runs.list()).some(({ config }) => config === place.config);
      const now = (await uses.list()).find((use) => use.digest === digest);
      if (running || now?.token !== token) return undefined;
      if (!(await cleanRoot(program, { id: 'upkeep', config: place.config }, '--scrub=all'))) {
        return undefined;
      }
      await rm(place.directory, { recursive: true, force: true });
      await uses.forget(digest);
      return {};
    },
  };
}
