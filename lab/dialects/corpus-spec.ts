/** How kernels and macros are packaged. */
export type Distribution = 'el' | 'suse';

/** A spec of `lab/dialects/specs`, and what a build of it must give. */
export interface CorpusSpec {
  /** Folder of the spec, and the kmod's name in the configuration. */
  readonly name: string;
  /** Kmod of the lab whose sources it builds. */
  readonly kmod: string;
  /** Of its modules, as files without `.ko`. */
  readonly modules: readonly string[];
  readonly forms: Readonly<Partial<Record<Distribution, CorpusForm>>>;
  /** Programs of the vendors that the package brings itself: file name to path below `vendor/`. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** What the tarball is called where it is not `<kmod>-{version}.tar.gz`. */
  readonly archive?: string;
  /** Macros of the configuration. */
  readonly defines?: Readonly<Record<string, string>>;
  /** What it requires that the lab has not; dnf must say just this. */
  readonly missing?: string;
  /** What rekmod must refuse it with, if it is one that it must not build. */
  readonly refusal?: string;
}

/** What a spec is and gives for the kernels of one distribution. Texts have words as {@link fillIn} knows them. */
export interface CorpusForm {
  readonly dialect: string;
  /** Every package, by name; versions are {@link version}. */
  readonly packages: readonly string[];
  /** Of the package that has the modules. @default {'{version}'} */
  readonly version?: string;
  /** Where modules lie below `/lib/modules/<release>/`. */
  readonly directory: string;
}

/** One kernel that a spec is built for. */
export interface FilledFor {
  /** Of the kmod. */
  readonly version: string;
  /** `uname -r`, e.g. `6.1.0-54.el12.x86_64`, `6.1.0-54.1.1-default`. */
  readonly release: string;
}

/**
 * Replaces words in braces: `{version}` and `{release}`; `{bare}`, the release without architecture
 * and flavour (`6.1.0-54.el12`); `{plain}`, that without the distribution (`6.1.0-54`); and how the
 * Kmods SIG (`{sig}`, `6.1.0~54`) and SUSE (`{kmp}`, `6.1.0_54.1.1`) write it in versions.
 */
export function fillIn(text: string, { version, release }: FilledFor): string {
  const bare = release.replace(/(?:\.x86_64|-default)$/, '');
  const plain = bare.replace(/\.el\d+$/, '');
  const words: Readonly<Record<string, string>> = {
    version,
    release,
    bare,
    plain,
    sig: plain.replaceAll('-', '~'),
    kmp: bare.replaceAll('-', '_'),
  };
  return text.replaceAll(/\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole);
}
