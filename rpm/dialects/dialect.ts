import type { MacroCheck } from '../spec-checks.ts';
import type { TargetKernel } from './target-kernel.ts';

/**
 * A way in which kmod specs learn for which kernel they are built, and what they make of it. One
 * module of this folder each; docs/adding-a-dialect.md says how to add one.
 */
export interface Dialect {
  /** As the inventory names it, e.g. `elrepo`. */
  readonly name: string;
  readonly injection: InjectionClass;
  /**
   * Tells by its marks whether a spec is written in this dialect.
   *
   * @param kernel Where the same text means one thing for Red Hat's kernels and another for SUSE's.
   */
  matches(specText: string, kernel?: TargetKernel): boolean;
  /**
   * Makes a spec be built for a kernel.
   *
   * @throws {SpecParseError} If the spec does not build for such a kernel, or the kernel's names hold
   *   what a macro or a shell would read.
   */
  inject(specText: string, kernel: TargetKernel): Injection;
  /** Tells what a build hands out. */
  expectPackages(specText: string, kernel: TargetKernel): ExpectedPackages;
  /** Whether its packages are for one kernel only, so that weak-updates can keep none of them. */
  readonly bindsToOneKernel: boolean;
  /** Whether its packages hand their modules to weak-modules (SUSE: weak-modules2). */
  readonly usesWeakModules: boolean;
  readonly signing: SigningHook;
}

/**
 * How the kernel gets into a build:
 * - `define`: a macro on the command line.
 * - `rewrite`: a line of the spec that sets a macro whatever the command line says.
 * - `buildroot`: what is installed decides; the spec is told at most which flavour to take.
 */
export type InjectionClass = 'define' | 'rewrite' | 'buildroot';

/** A spec made ready for one kernel. */
export interface Injection {
  /** The spec itself, rewritten where it must be; lines keep their numbers. */
  readonly specText: string;
  /** Macros that rpmbuild gets by `--define`. */
  readonly defines: Readonly<Record<string, string>>;
  readonly checks: readonly MacroCheck[];
}

/** What a build hands out. Plain JSON: it goes from the build to the verification. */
export interface ExpectedPackages {
  readonly dialect: string;
  /** Name of the packages that hold modules; `*` is any text: `kmod-*-5.14.0-611.el9.x86_64`. */
  readonly name: string;
  /** Their version, in the same form, e.g. `*_k6.4.0_150600.21`. */
  readonly version: string;
  /** The Release of all packages, once it is known which build it is: `*.k5.14.0_611.el9.x86_64.b1*`. */
  readonly release?: string;
  /** Folders below `/lib/modules/<uname -r>/` that modules may lie in; none: any. */
  readonly directories: readonly string[];
  /** What ties the packages to kernels, in the same form: `kernel(*) = *`. */
  readonly requires: readonly string[];
  /** What dnf does with the package of an earlier build: another name or version stays beside it. */
  readonly newBuild: 'replaces' | 'stands-beside';
  /** The packages hold what modules are linked of when they are installed, not modules. */
  readonly linksAtInstall?: true;
}

/**
 * Where a build could sign modules. rekmod does not use it, since it would put the key into the
 * build; it signs afterwards, and must know what else could have.
 * - `macro`: a macro that is run after stripping.
 * - `condition`: `--with <name>`.
 * - `files`: a key that is found in the build root.
 * - `service`: the build service signs between two builds.
 */
export type SigningHook =
  | { readonly by: 'macro' | 'condition' | 'files' | 'service'; readonly name: string }
  | { readonly by: 'nothing' };
