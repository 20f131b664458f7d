import { quoteExcerpt, SpecParseError } from '../../model/parse-errors.ts';

/** A way in which kmod specs learn for which kernel they are built. */
export interface Dialect {
  /** As the inventory names it, e.g. `elrepo`. */
  readonly name: string;
  /** Tells by its marks whether a spec is written in this dialect; see {@link effectiveLines}. */
  matches(specText: string): boolean;
  /**
   * Gives the macros that rpmbuild gets by `--define`.
   *
   * @throws {SpecParseError} If the kernel release holds what a macro or a shell would read.
   */
  defines(kernel: TargetKernel): Record<string, string>;
  /** Whether its packages are for one kernel only, so that weak-updates can keep none of them. */
  readonly bindsToOneKernel: boolean;
}

/** The kernel to build for. */
export interface TargetKernel {
  /** `uname -r`, e.g. `5.14.0-611.el9.x86_64`. */
  readonly release: string;
  /** E.g. `x86_64`. */
  readonly arch: string;
}

const RELEASE = /^[A-Za-z0-9][A-Za-z0-9._+~^-]*$/;

/** Drops comments and the change log: what they mention is no mark. */
export function effectiveLines(specText: string): string {
  const lines = specText.split('\n');
  const changelog = lines.findIndex((line) => /^%changelog\b/.test(line));
  return (changelog === -1 ? lines : lines.slice(0, changelog))
    .filter((line) => !/^\s*#/.test(line))
    .join('\n');
}

/** Tells whether a spec defines a macro only where the command line does not: `%{!?kversion: …}`. */
export function isOverridable(specText: string, macro: string): boolean {
  const lines = effectiveLines(specText);
  return [`%{!?${macro}:`, `%{?!${macro}:`].some((mark) => lines.includes(mark));
}

/**
 * Gives the whole `uname -r`, checked.
 *
 * @throws {SpecParseError} If it holds what a macro or a shell would read.
 */
export function requireRelease(kernel: TargetKernel): string {
  if (!RELEASE.test(kernel.release)) {
    throw new SpecParseError(`expected a kernel release, found ${quoteExcerpt(kernel.release)}`);
  }
  return kernel.release;
}
