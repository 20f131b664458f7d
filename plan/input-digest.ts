import type { Sha256Hex } from '../model/store.ts';

/** Hashes text; given from outside because pure code has no crypto of its own. */
export type Hash = (text: string) => Sha256Hex;

/** Every meaningful input of a build: when one differs, the result may differ. */
export interface BuildInputs {
  /** Spec and sources. */
  readonly sourceDigest: Sha256Hex;
  /** The kernel-devel RPM: headers, configuration, Module.symvers. */
  readonly develSha256: Sha256Hex;
  /** The builder: compiler and packages of the buildroot. */
  readonly targetImage: string;
  readonly targetPackages: readonly string[];
  /** Which macros are defined, and how. */
  readonly dialect: string;
  readonly arch: string;
  /** Macros of the inventory's own. */
  readonly defines?: Readonly<Record<string, string>>;
}

/** Digests all inputs of a build; the memo by which an equal build is not made twice. */
export function digestInputs(inputs: BuildInputs, hash: Hash): Sha256Hex {
  const defines = Object.entries(inputs.defines ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return hash(
    JSON.stringify([
      'rekmod-input-1',
      inputs.sourceDigest,
      inputs.develSha256,
      inputs.targetImage,
      // Must be sorted: the order of packages in a configuration means nothing.
      [...inputs.targetPackages].sort(),
      inputs.dialect,
      inputs.arch,
      // None must digest as before there were any: it would rebuild everything.
      ...(defines.length === 0 ? [] : [defines]),
    ]),
  );
}
