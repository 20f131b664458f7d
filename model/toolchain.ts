/** What a kernel and a buildroot say about their compilers, in their own words. */
export interface Toolchain {
  /**
   * Lines of the kernel's `include/config/auto.conf` that tell its compiler, e.g.
   * `CONFIG_CC_VERSION_TEXT="gcc (GCC) 11.5.0 20240719 (Red Hat 11.5.0-11)"`.
   */
  readonly kernelConfig: readonly string[];
  /** First lines of `gcc --version` and `clang --version`, of those that the buildroot has. */
  readonly compilers: readonly string[];
}

/**
 * How a buildroot's compiler suits a kernel.
 *
 * - `same`: it is the very compiler, `revision`: one of the same major version.
 * - `version`: one of another major version, `other`: gcc for a kernel of clang, or the other way.
 * - `unknown`: the kernel or the buildroot does not tell.
 */
export type CompilerMatch =
  | { readonly kind: 'same' }
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'revision' | 'version' | 'other';
      /** E.g. `gcc 11.5.0`. */
      readonly kernelCompiler: string;
      /** E.g. `gcc 11.4.1`. */
      readonly compiler: string;
    };
