/** RHEL's variant behind the architecture: `5.14.0-611.el9.x86_64+rt`, `+64k-debug`. */
const VARIANT =
  /\.(?:x86_64|aarch64|ppc64le|s390x|riscv64|i[3-6]86)(?:\+(?<variant>[A-Za-z0-9_.-]+))?$/;
/** The last words of SUSE's and Debian's: `6.4.0-150600.21-default`, `6.1.0-54-rt-amd64`. */
const LAST_WORDS = /-(?<words>[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z][A-Za-z0-9_]*)*)$/;

/** Debian's name of the architecture, which is no flavour. */
const DEBIAN_ARCH = /(?:^|-)(?:amd64|arm64|armmp|ppc64el|s390x|riscv64)$/;

/** Below modules and build trees; see hier(7) of the distributions. */
const RELEASE_IN_PATH =
  /(?:^|\/)(?:lib\/modules|usr\/src\/kernels)\/(?<release>[A-Za-z0-9][A-Za-z0-9._+~-]{0,127})\//;
/** `/boot/symvers-5.14.0-611.el9.x86_64.gz`, and what a user may have copied from there. */
const RELEASE_IN_NAME =
  /(?:^|\/)symvers-(?<release>[0-9][A-Za-z0-9._+~-]{0,127}?)(?:\.(?:gz|xz|zst))?$/;

/**
 * Finds the flavour of a kernel in its `uname -r`. Modules of one flavour are never meant for another.
 *
 * @returns `rt` for `5.14.0-611.el9.x86_64+rt` and `6.1.0-54-rt-amd64`, `azure` for
 *   `6.4.0-150600.8.5-azure`; `default` for a release that names none.
 */
export function flavourOfRelease(release: string): string {
  const red = VARIANT.exec(release);
  if (red) return red.groups?.variant ?? 'default';
  const { words = '' } = LAST_WORDS.exec(release)?.groups ?? {};
  return words.replace(DEBIAN_ARCH, '') || 'default';
}

/**
 * Finds the kernel release (`uname -r`) that a path names.
 *
 * @param path E.g. `/lib/modules/6.1.0-54-amd64/extra/jool/jool.ko`, `/boot/symvers-6.1.0-54-amd64.gz`.
 */
export function releaseOfPath(path: string): string | undefined {
  const { release } = (RELEASE_IN_NAME.exec(path) ?? RELEASE_IN_PATH.exec(path))?.groups ?? {};
  return release;
}
