import type { Nevra } from '../model/kernel.ts';
import type { RpmDependency } from '../rpm/header.ts';
import type { PackageEffects } from '../rpm/package-effects.ts';

/** A package as its header tells it. */
export interface PackageContent {
  readonly fileName: string;
  readonly nevra: Nevra;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
  readonly requires?: readonly RpmDependency[];
  readonly provides?: readonly RpmDependency[];
  /** What it does besides bringing files; not judged where absent. */
  readonly effects?: PackageEffects;
  /** Where its payload is not what its header says, in sentences. */
  readonly payloadFaults?: readonly string[];
}
