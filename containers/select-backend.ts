import type { Target } from '../model/settings.ts';
import type { BuildBackend } from './backend.ts';
import { isMockBuildroot } from './mock/root-store.ts';

/** The backends that a configuration's targets want; the others are not started at all. */
export type Backends = Readonly<Partial<Record<Target['backend'], BuildBackend>>>;

/**
 * Hands each request to the backend of its target, and each build to the one that made its buildroot.
 */
export function selectBackend(backends: Backends): BuildBackend {
  const require = (kind: Target['backend']): BuildBackend => {
    const backend = backends[kind];
    if (backend === undefined) throw new Error(`BUG: no target wants the backend ${kind}`);
    return backend;
  };
  const all = Object.values(backends);
  return {
    places: all.flatMap(({ places = [] }) => places),
    prepare: async (request, run) => await require(request.target.backend).prepare(request, run),
    build: async (request, run) => {
      const kind = isMockBuildroot(request.buildroot.id) ? 'mock' : 'container';
      return await require(kind).build(request, run);
    },
    findToolchain: async (target) => await backends[target.backend]?.findToolchain?.(target),
    async removeLeftovers(labels) {
      let count = 0;
      for (const backend of all) count += await backend.removeLeftovers(labels);
      return count;
    },
    async listRuns(home) {
      const lists = await Promise.all(all.map((backend) => backend.listRuns(home)));
      return lists.flat();
    },
    async removeRun(id) {
      for (const backend of all) if (await backend.removeRun(id)) return true;
      return false;
    },
    async listBuildroots() {
      return (await Promise.all(all.map((backend) => backend.listBuildroots()))).flat();
    },
    async removeBuildroot(use, home) {
      return await require(isMockBuildroot(use.id) ? 'mock' : 'container').removeBuildroot(
        use,
        home,
      );
    },
  };
}
