import type { DkmsConditions } from './dkms-conf.ts';
import { compileEre } from './posix-ere.ts';

/** What a DKMS source's conditions are put to. */
export interface DkmsKernel {
  /** `uname -r`. */
  readonly release: string;
  readonly arch: string;
  /** Options that are built in or modules, e.g. `CONFIG_PCI`; absent if the kernel's are not known. */
  readonly options?: ReadonlySet<string>;
}

const DIGIT_COUNT = 6;

/**
 * Tells which of its own conditions keeps a DKMS source from being built for a kernel.
 *
 * @returns The condition as the file has it, e.g. `BUILD_EXCLUSIVE_KERNEL="^5\."`; undefined if all are
 *   met, or cannot be judged from outside of the build.
 * @see dkms 3.1, read_conf() and check_version_sanity()
 */
export function findExclusion(conditions: DkmsConditions, kernel: DkmsKernel): string | undefined {
  const { minKernel, maxKernel, obsoleteBy } = conditions;
  const { release } = kernel;
  if (isMissed(conditions.kernel, release)) return describe('KERNEL', conditions.kernel);
  if (minKernel !== undefined && compare(release, minKernel) < 0) {
    return describe('KERNEL_MIN', minKernel);
  }
  if (maxKernel !== undefined && compare(release, maxKernel) > 0) {
    return describe('KERNEL_MAX', maxKernel);
  }
  if (isMissed(conditions.arch, kernel.arch)) return describe('ARCH', conditions.arch);
  const option = conditions.config.find((wanted) => !hasOption(kernel, wanted));
  if (option !== undefined) return describe('CONFIG', option);
  const isObsolete = obsoleteBy !== undefined && isObsoleteIn(release, obsoleteBy);
  return isObsolete ? `OBSOLETE_BY="${obsoleteBy}"` : undefined;
}

function describe(name: string, value: string | undefined): string {
  return `BUILD_EXCLUSIVE_${name}="${value}"`;
}

function isMissed(pattern: string | undefined, text: string): boolean {
  return pattern !== undefined && compileEre(pattern)?.test(text) === false;
}

function hasOption({ options }: DkmsKernel, wanted: string): boolean {
  if (options === undefined) return true;
  return wanted.startsWith('!') ? !options.has(wanted.slice(1)) : options.has(wanted);
}

/** DKMS compares versions as texts in which numbers have one length. */
function compare(a: string, b: string): number {
  const [left, right] = [pad(a), pad(b)];
  return left < right ? -1 : Number(left > right);
}

function pad(version: string): string {
  return version.replace(/\d+/g, (digits) => digits.padStart(DIGIT_COUNT, '0'));
}

/** `5.6` speaks of the version, `4.18.0-305` of version and release. */
function isObsoleteIn(release: string, obsoleteBy: string): boolean {
  const [version = '', build] = release.split('-');
  const [limit = '', limitBuild] = obsoleteBy.split('-');
  const order = compare(version, limit);
  if (order !== 0) return order > 0;
  return limitBuild === undefined || compare(build ?? '', limitBuild) >= 0;
}
