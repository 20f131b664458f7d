import type { CellKey } from './cell.ts';
import type { KernelKey } from './kernel.ts';

/** `kernel/<stream>/<kernel release>`: one rollout a kernel at a time. */
export function rolloutId({ stream, release }: KernelKey): string {
  return `kernel/${stream}/${release}`;
}

/**
 * `rebuild/<kmod>/<stream>/<kernel release>`: the same cell triggered twice is one run. The stream is
 * in it because two streams may have kernels of the same release with another kABI (RHEL, AlmaLinux).
 */
export function rebuildId({ kmod, stream, release }: CellKey): string {
  return `rebuild/${kmod}/${stream}/${release}`;
}

/** `publish/<repository>`: the only writer of a repository. */
export function publisherId(repository: string): string {
  return `publish/${repository}`;
}

/** `gate/<stream>`: the only one who decides which of its kernels machines see. */
export function gateId(stream: string): string {
  return `gate/${stream}`;
}

/** `stream/<stream>`: the Schedule; the runs it starts append the moment. */
export function followId(stream: string): string {
  return `stream/${stream}`;
}

/** `stream/<stream>/accept`: a look that begins with a person who believes the last one. */
export function acceptId(stream: string): string {
  return `${followId(stream)}/accept`;
}

/** `sources`: the Schedule that looks at the sources of all kmods; the runs it starts append the moment. */
export const SOURCES_ID = 'sources';

/** `upkeep`: the Schedule that has removed what nobody needs; the runs it starts append the moment. */
export const UPKEEP_ID = 'upkeep';

/** `upkeep/by-hand`: one that a person asked for. */
export const UPKEEP_BY_HAND_ID = 'upkeep/by-hand';

/** `sign/<repository>/<start of the SHA-256 of repomd.xml>`: the same metadata are signed once at a time. */
export function metadataSignatureId(metadata: {
  readonly repository: string;
  readonly digest: string;
}): string {
  return `sign/${metadata.repository}/${metadata.digest.slice(0, 16)}`;
}
