import type { Evr } from '../../model/kernel.ts';
import { quoteExcerpt, SpecParseError } from '../../model/parse-errors.ts';

/** The kernel to build for. */
export interface TargetKernel {
  /** `uname -r`, e.g. `5.14.0-611.el9.x86_64`, `6.4.0-150600.21-default`. */
  readonly release: string;
  /** Of its packages, e.g. `5.14.0`, `611.el9`. */
  readonly evr: Evr;
  /** E.g. `x86_64`. */
  readonly arch: string;
  /** `default`, or the variant as packages name it: `rt`, `64k`, SUSE's `default`, `azure`. */
  readonly flavour: string;
}

/** Where a kernel-devel puts what modules are built with. */
export interface BuildTree {
  /** E.g. `/usr/src/kernels/5.14.0-611.el9.x86_64`, SUSE's `/usr/src/linux-6.4.0-150600.21`. */
  readonly sources: string;
  /** The same, or SUSE's `/usr/src/linux-obj/x86_64/default`. */
  readonly objects: string;
}

const RELEASE = /^[A-Za-z0-9][A-Za-z0-9._+~^-]*$/;
const WORD = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/**
 * Gives the whole `uname -r`, checked.
 *
 * @throws {SpecParseError} If it holds what a macro or a shell would read.
 */
export function requireRelease({ release, arch, flavour }: TargetKernel): string {
  if (!RELEASE.test(release)) {
    throw new SpecParseError(`expected a kernel release, found ${quoteExcerpt(release)}`);
  }
  const odd = [arch, flavour].find((word) => !WORD.test(word));
  if (odd !== undefined) {
    throw new SpecParseError(`expected an architecture and a flavour, found ${quoteExcerpt(odd)}`);
  }
  return release;
}

/**
 * Gives version and release for specs that add `.%{_arch}` themselves, e.g. `5.14.0-611.el9`.
 *
 * @throws {SpecParseError} If the kernel is a variant (`…x86_64+rt`), which they cannot name.
 */
export function toVersionRelease(kernel: TargetKernel): string {
  const release = requireRelease(kernel);
  const suffix = `.${kernel.arch}`;
  if (release.includes(`${suffix}+`)) {
    const detail = `expected a kernel without a variant, which the spec cannot name, found ${release}`;
    throw new SpecParseError(detail);
  }
  return release.endsWith(suffix) ? release.slice(0, -suffix.length) : release;
}

/** Splits Red Hat's `5.14.0-611.el9.x86_64+rt` into release and variant, which is empty for most. */
export function splitVariant(kernel: TargetKernel): {
  readonly base: string;
  readonly variant: string;
} {
  const release = requireRelease(kernel);
  const mark = `.${kernel.arch}+`;
  const start = release.indexOf(mark);
  if (start === -1) return { base: release, variant: '' };
  const baseEnd = start + mark.length - 1;
  return { base: release.slice(0, baseEnd), variant: release.slice(baseEnd + 1) };
}

/** Tells whether a kernel is packaged as SUSE does it: its `uname -r` ends with the flavour. */
export function isSuseKernel({ release, flavour }: TargetKernel): boolean {
  return flavour !== '' && release.endsWith(`-${flavour}`);
}

/** Gives what SUSE puts into a KMP's version: `6.4.0_150600.21` of `6.4.0-150600.21-default`. */
export function toKmpVersion(kernel: TargetKernel): string {
  const release = requireRelease(kernel);
  const bare = isSuseKernel(kernel) ? release.slice(0, -kernel.flavour.length - 1) : release;
  return bare.replaceAll('-', '_');
}

/** Tells where the build tree of a kernel lies; see kernel.spec and kernel-binary.spec.in. */
export function findBuildTree(kernel: TargetKernel): BuildTree {
  const release = requireRelease(kernel);
  if (!isSuseKernel(kernel)) {
    const tree = `/usr/src/kernels/${release}`;
    return { sources: tree, objects: tree };
  }
  const { arch, flavour } = kernel;
  const sources = `/usr/src/linux-${release.slice(0, -flavour.length - 1)}`;
  return { sources, objects: `/usr/src/linux-obj/${arch}/${flavour}` };
}
