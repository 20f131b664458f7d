import type { Settings } from '../model/settings.ts';

/**
 * Lists the targets in use that have repositories of their own but no keys for them: what is installed
 * in their buildroots is not verified, and builds run on it.
 */
export function listUnverifiedTargets({
  streams,
  targets,
}: Pick<Settings, 'streams' | 'targets'>): readonly string[] {
  const used = new Set(streams.map(({ target }) => target));
  return targets
    .filter(({ name, repositories, gpgKeys = [] }) => {
      return used.has(name) && Object.keys(repositories).length > 0 && gpgKeys.length === 0;
    })
    .map(({ name }) => name);
}
