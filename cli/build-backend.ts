import { join } from 'node:path';
import type { BuildBackend } from '../containers/backend.ts';
import { openBuildrootUses } from '../containers/buildroot-uses.ts';
import { createContainerBackend } from '../containers/container-backend.ts';
import { type EnginePatience, requireEngine } from '../containers/find-engine.ts';
import { type MockEnvironment, requireMock } from '../containers/mock/find-mock.ts';
import { createMockBackend } from '../containers/mock/mock-backend.ts';
import { selectBackend } from '../containers/select-backend.ts';
import type { Settings, Target } from '../model/settings.ts';

/**
 * Starts the backends that the streams' targets want; without a stream, that of containers.
 *
 * @param root The data directory.
 * @param patience With an engine that does not answer at once.
 * @throws {EngineMissingError} If a target wants containers and no engine answers.
 * @throws {MockUnusableError} If a target wants mock and it does not work here.
 */
export async function startBackend(
  settings: Pick<Settings, 'streams' | 'targets'>,
  root: string,
  patience: EnginePatience,
): Promise<BuildBackend> {
  const wanted = listBackends(settings);
  const mock = wanted.has('mock') && (await requireMock(mockEnvironment()));
  const engine =
    wanted.has('container') &&
    (await requireEngine({ ...process.env, uid: process.getuid?.() ?? 0 }, patience));
  return selectBackend({
    ...(engine && {
      container: createContainerBackend({
        ...{ engine, now: Date.now },
        uses: openBuildrootUses(join(root, 'upkeep', 'buildroots')),
      }),
    }),
    ...(mock && {
      mock: createMockBackend({
        program: mock,
        directory: join(root, 'mock'),
        now: () => performance.now(),
      }),
    }),
  });
}

/** Which backends the streams' targets want; without a stream, that of containers. */
export function listBackends({
  streams,
  targets,
}: Pick<Settings, 'streams' | 'targets'>): ReadonlySet<Target['backend']> {
  const used = new Set(streams.map(({ target }) => target));
  const backends = targets.filter(({ name }) => used.has(name)).map(({ backend }) => backend);
  return new Set(backends.length === 0 ? ['container'] : backends);
}

/** This process, as mock would see it. */
export function mockEnvironment(): MockEnvironment {
  const { PATH, SUDO_UID, SUDO_GID } = process.env;
  const gids = [...(process.getgroups?.() ?? []), process.getgid?.() ?? 0];
  return { PATH, SUDO_UID, SUDO_GID, uid: process.getuid?.() ?? 0, gids };
}
