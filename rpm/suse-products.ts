import { isSuseKernel, type TargetKernel } from './dialects/target-kernel.ts';

/** `leap15.6`, `tw`, `sle15`, `sles12`, `sled15`; numbers alone mean Leap and SLE. */
const PRODUCT = /^(?:tw|leap\d{2}\.\d{1,2}|sle[sd]?\d{2})$/;
/** SUSE puts its product into the release: 150600 is 15 SP6, 160000 is 16.0. */
const RELEASE_NUMBER = /^\d+\.\d+\.\d+-(?<major>1[56])0(?<minor>\d)00\./;
const TUMBLEWEED = /^\d+\.\d+\.\d+-\d+-[a-z]/;

/**
 * Tells by which names SUSE's installers look for a driver update, e.g. `leap15.6`, `tw`.
 *
 * `sle15` stands for `sles15` and `sled15`; from 16 on there is `sle16` alone.
 *
 * @param name As mkdud's `--dist` takes it, in lower case.
 * @returns undefined if no product is called so.
 * @see openSUSE/mkdud mkdud_man.adoc, "Distribution (Product) Names"
 */
export function readSuseProduct(name: string): readonly string[] | undefined {
  if (!PRODUCT.test(name)) return undefined;
  const { number } = /^sle[sd]?(?<number>\d+)$/.exec(name)?.groups ?? {};
  if (number === undefined) return [name];
  if (Number(number) >= 16) return [`sle${number}`];
  return name.startsWith('sles') || name.startsWith('sled')
    ? [name]
    : [`sles${number}`, `sled${number}`];
}

/**
 * Guesses from a kernel for which of SUSE's products its driver updates are: Leap and SLE share kernels.
 *
 * @param kernel Of the release `6.4.0-150600.23.7-default` or, on Tumbleweed, `6.12.6-1-default`.
 * @returns Empty for a kernel that is not SUSE's.
 */
export function guessSuseProducts(kernel: TargetKernel): readonly string[] {
  if (!isSuseKernel(kernel)) return [];
  const { major, minor } = RELEASE_NUMBER.exec(kernel.release)?.groups ?? {};
  if (major !== undefined && minor !== undefined) {
    return [`leap${major}.${minor}`, ...(readSuseProduct(`sle${major}`) ?? [])];
  }
  return TUMBLEWEED.test(kernel.release) ? ['tw'] : [];
}
