import type { MockTarget } from '../../model/settings.ts';

/** What a machine can do to keep a build apart. */
export interface IsolationFacts {
  /** Whether systemd runs as the first process. */
  readonly hasSystemd: boolean;
  /** Whether `systemd-nspawn` is installed. */
  readonly hasNspawn: boolean;
  /** Whether this process may give a program a network of its own by `unshare --net`. */
  readonly canUnshareNetwork: boolean;
}

/** How builds are kept apart, or why they cannot be. */
export type Isolation =
  | {
      readonly kind: 'nspawn' | 'simple';
      /** Program and arguments that mock is started by where nothing may reach a network. */
      readonly offlineWrapper: readonly string[];
    }
  | { readonly kind: 'unusable'; readonly problem: string; readonly remedy: string };

/** A new network namespace holds nothing but a loopback device that is down. */
const UNSHARE_NETWORK = ['unshare', '--net', '--'] as const;

/**
 * Decides how mock keeps a build apart. nspawn takes the network away itself; mock's `simple` does
 * not, so rekmod runs it in a network namespace of its own, or refuses. nspawn without systemd leaves
 * processes behind that nothing ends.
 *
 * @see mock 6.7 mockbuild/util.py, condUnshareNet()
 */
export function chooseIsolation(wanted: MockTarget['isolation'], facts: IsolationFacts): Isolation {
  const { hasSystemd, hasNspawn, canUnshareNetwork } = facts;
  const canNspawn = hasSystemd && hasNspawn;
  if (wanted !== 'simple' && canNspawn) return { kind: 'nspawn', offlineWrapper: [] };
  if (wanted !== 'nspawn' && canUnshareNetwork) {
    return { kind: 'simple', offlineWrapper: UNSHARE_NETWORK };
  }
  if (wanted === 'nspawn') {
    const problem = hasNspawn
      ? 'isolation by nspawn needs systemd as the first process'
      : '"systemd-nspawn" is not on PATH';
    const remedy = hasNspawn
      ? 'say "isolation: simple" and run rekmod as root'
      : 'install systemd-container';
    return { kind: 'unusable', problem, remedy };
  }
  const problem =
    'with isolation "simple" a build would reach the network, and "unshare --net" fails';
  const remedy = 'run rekmod as root, or use nspawn on a machine with systemd';
  return { kind: 'unusable', problem, remedy };
}
