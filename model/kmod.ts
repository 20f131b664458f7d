/** Where a kmod's spec and sources are. */
export type KmodSource =
  | { readonly kind: 'spec'; readonly spec: string; readonly sources: string }
  | { readonly kind: 'srpm'; readonly path: string };

/** One entry of the inventory: a third-party kernel module package. */
export interface Kmod {
  /** E.g. `v4l2loopback`; unique, `[A-Za-z0-9._+-]`, at most 64 characters. */
  readonly name: string;
  readonly source: KmodSource;
  /** A dialect's name, or `auto` to detect it from the spec. */
  readonly dialect: string;
  /** Names of the streams it is built for. */
  readonly streams: readonly string[];
  /** The oldest and newest kernel it is built for, compared as rpm versions, e.g. `5.14.0-427`. */
  readonly minKernel?: string;
  readonly maxKernel?: string;
  /** Whether a kernel is held back until this kmod is there. */
  readonly required: boolean;
  /** Who answers for it, e.g. `storage team <storage@example.org>`. */
  readonly owner?: string;
}
