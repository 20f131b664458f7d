import type { ModuleFacts, Symvers } from './kabi.ts';
import type { ProblemList } from './verdict.ts';

/** A kernel's exports, from whatever there is of it: `Module.symvers`, packages or metadata. */
export interface KernelExports {
  /** `uname -r` where something tells it, else the name of what was read. */
  readonly name: string;
  /** All names that a package may bind itself to it by; empty if nothing tells. */
  readonly releases: readonly string[];
  readonly symvers: Symvers;
  /** As rpm names it, e.g. `x86_64`. */
  readonly arch?: string;
  /** `default`, `rt`, `azure`; see `flavourOfRelease()`. */
  readonly flavour?: string;
  /** See `Kernel.vermagicFlags`; absent where its configuration was not found. */
  readonly vermagicFlags?: readonly string[];
  /**
   * Read from what packages provide: the export type is always `EXPORT_SYMBOL`, the namespace empty,
   * and the module is the package's name, because nothing tells the real ones.
   */
  readonly isFromMetadata?: true;
  /** Its packages that were not given, e.g. `kernel-modules`: what they export is not known. */
  readonly missingPackages?: readonly string[];
}

/** A kmod that somebody built: a package, or a module by itself. */
export interface KmodPackage {
  /** NEVRA of a package, e.g. `kmod-jool-4.1.9-1.el9.x86_64`; file name of a module. */
  readonly name: string;
  /** One that stands for the whole package if only metadata is known. */
  readonly modules: readonly ModuleFacts[];
  readonly arch?: string;
  /** The `uname -r` of the kernel that it was built for. */
  readonly builtFor?: string;
  /** Flavours of kernels that it is for; empty if nothing tells. */
  readonly flavours: readonly string[];
  /** The only kernels that it wants; empty for one that serves every kernel whose symbols fit. */
  readonly boundTo: readonly string[];
  /** Requirements on groups of symbols, of which the members are not known. */
  readonly symsets: readonly string[];
  /** Imports that come from another kmod. */
  readonly importsFromKmods: readonly string[];
}

/** Whether a kmod that exists serves a kernel, with the reason. */
export type PackageVerdict =
  | {
      readonly kind: 'fits';
      readonly why: 'symbols' | 'bound-to-this-kernel';
      readonly importCount: number;
      /** In-tree modules that it needs here and did not need before; absent if there are none. */
      readonly newDependencies?: readonly string[];
    }
  | { readonly kind: 'rebuild'; readonly why: 'crc-changed'; readonly problems: ProblemList }
  /** All its imports resolve, but the loader compares vermagic, too. */
  | {
      readonly kind: 'rebuild';
      readonly why: 'vermagic-changed';
      readonly found: string;
      /** The kernel's flags, e.g. `SMP preempt_rt mod_unload modversions`. */
      readonly expected: string;
    }
  /** Its own imports would resolve, but a kmod that exports some of them does not fit. */
  | { readonly kind: 'rebuild'; readonly why: 'provider-rebuilt'; readonly provider: string }
  | {
      readonly kind: 'broken';
      readonly why: 'symbols-lost' | 'symbols-refused';
      readonly problems: ProblemList;
    }
  | UnjudgedPackage;

/** Why nothing can be said. */
export type UnjudgedPackage =
  | { readonly kind: 'unjudged'; readonly why: 'no-modversions' | 'no-symbols' }
  | { readonly kind: 'unjudged'; readonly why: 'other-arch'; readonly arch: string }
  | {
      readonly kind: 'unjudged';
      readonly why: 'other-flavour';
      readonly flavours: readonly string[];
    }
  | {
      readonly kind: 'unjudged';
      readonly why: 'bound-to-other-kernel';
      readonly boundTo: readonly string[];
    }
  | { readonly kind: 'unjudged'; readonly why: 'symsets'; readonly symsets: readonly string[] }
  /** Symbols of a kmod, or of a part of the kernel, that was not given. */
  | {
      readonly kind: 'unjudged';
      readonly why: 'kmod-missing' | 'kernel-incomplete';
      /** Modules or packages, as far as they are known. */
      readonly missing: readonly string[];
      readonly problems: ProblemList;
    }
  | { readonly kind: 'unjudged'; readonly why: 'provider-unjudged'; readonly provider: string }
  | { readonly kind: 'unjudged'; readonly why: 'unreadable'; readonly reason: string };

/** A kmod with its verdict. */
export interface JudgedPackage {
  readonly name: string;
  readonly builtFor?: string;
  /** Whether only its metadata was looked at, not its modules. */
  readonly isFromMetadata: boolean;
  readonly verdict: PackageVerdict;
}
