import type { BuildBackend, Labels } from './backend.ts';
import type { ContainerEngine, ListedContainer } from './engine.ts';
import { CONTAINER_LABEL, prefixLabels, withoutPrefix } from './labels.ts';

/** Finds and ends rekmod's containers by their labels. */
export function openContainerRuns(
  engine: ContainerEngine,
): Pick<BuildBackend, 'removeLeftovers' | 'listRuns' | 'removeRun'> {
  /** A person's own container of a buildroot image is none of rekmod's. */
  async function listOurs(labels: Labels): Promise<readonly ListedContainer[]> {
    const found = await engine.list(prefixLabels(labels));
    return found.filter(({ labels: { [CONTAINER_LABEL]: role } }) =>
      ['prepare', 'build'].includes(role ?? ''),
    );
  }

  return {
    async removeLeftovers(labels) {
      let count = 0;
      for (const { id } of await listOurs(labels)) if (await engine.remove(id)) count += 1;
      return count;
    },
    async listRuns(home) {
      const found = await listOurs({ home });
      return found.map(({ id, labels }) => ({ id, labels: withoutPrefix(labels) }));
    },
    removeRun: (id) => engine.remove(id),
  };
}
