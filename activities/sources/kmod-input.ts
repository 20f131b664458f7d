import { mkdir } from 'node:fs/promises';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { Kmod } from '../../model/kmod.ts';
import type { Sha256Hex } from '../../model/store.ts';
import type { DkmsConditions } from '../../rpm/dkms/dkms-conf.ts';
import {
  type Dialect,
  detectDialect,
  dialectNames,
  findDialect,
  type TargetKernel,
} from '../../rpm/spec.ts';

/** A kmod's spec and sources, read. */
export interface KmodInput {
  readonly kmod: Kmod;
  readonly specName: string;
  readonly specText: string;
  /** The dialect that the spec is read in for a kernel; see {@link detectDialect}. */
  dialectFor(kernel: TargetKernel): Dialect;
  readonly sourceDigest: Sha256Hex;
  /** For which kernels the source itself wants to be built; absent if it does not say. */
  readonly conditions?: DkmsConditions;
  /** Puts the sources, without the spec, into a directory. */
  copySources(directory: string): Promise<void>;
}

/** What a reader of one kind of source found. */
export type ReadSource = Omit<KmodInput, 'kmod' | 'dialectFor'>;

/**
 * Completes what was read with the kmod and its dialect.
 *
 * @throws {ContentInvalidError} If no dialect is known.
 */
export function toKmodInput(kmod: Kmod, source: ReadSource): KmodInput {
  const { specText } = source;
  requireDialect(kmod, specText);
  return {
    ...source,
    kmod,
    dialectFor: (kernel) => requireDialect(kmod, specText, kernel),
    async copySources(directory) {
      await mkdir(directory, { recursive: true });
      await source.copySources(directory);
    },
  };
}

function requireDialect(kmod: Kmod, specText: string, kernel?: TargetKernel): Dialect {
  const dialect =
    kmod.dialect === 'auto' ? detectDialect(specText, kernel) : findDialect(kmod.dialect);
  if (dialect) return dialect;
  const detail =
    kmod.dialect === 'auto'
      ? 'expected a spec of a known dialect, found none of their marks; name it with "dialect:"'
      : `expected a dialect (${dialectNames().join(', ')}), found "${kmod.dialect}"`;
  throw new ContentInvalidError(kmod.name, detail);
}
