import type { Limits } from '../model/settings.ts';
import type { ContainerRequest } from './engine.ts';

/** The user of everything that a kmod brings with it; rpmbuild needs no entry in /etc/passwd for it. */
const SEALED_USER = '1000:1000';

/** What keeps a kmod's own programs from everything but their input. */
export type Seal = Pick<
  ContainerRequest,
  'user' | 'network' | 'capabilities' | 'isRootReadOnly' | 'memoryBytes' | 'cpus' | 'pids'
>;

/** A container without network, capabilities or writable files but its own memory: for all that a kmod runs. */
export function sealContainer(limits: Limits): Seal {
  return {
    user: SEALED_USER,
    network: 'none',
    capabilities: [],
    isRootReadOnly: true,
    memoryBytes: limits.memoryBytes,
    cpus: limits.cpus,
    pids: limits.pids,
  };
}
