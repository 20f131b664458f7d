import { RekmodError } from './errors.ts';
import type { Nevra } from './kernel.ts';
import type { Statement } from './provenance.ts';
import type { StoredFile } from './store.ts';

/** Everything that a published build was made of, as its statement tells and as it is here still. */
export interface Recipe {
  readonly kmod: string;
  readonly release: string;
  readonly statement: Statement;
  /** What is published, signed. */
  readonly packages: readonly (StoredFile & { readonly fileName: string })[];
  readonly kernelDevel: StoredFile & { readonly nevra: Nevra };
  /** Exports of other kmods that the build was given. */
  readonly symbols?: StoredFile;
  /** Packages of other kmods that the build was given. */
  readonly given: readonly (StoredFile & { readonly fileName: string })[];
  readonly buildroot: { readonly id: string; readonly digest: string };
  /** What the buildroot was made from; absent of mock's. */
  readonly image?: { readonly name: string; readonly id: string };
}

/** How a reproduction ended. */
export interface Reproduction {
  readonly kmod: string;
  readonly kernel: string;
  /** File names of the published packages. */
  readonly packages: readonly string[];
  /** In sentences; none if the build gave the same. */
  readonly differences: readonly string[];
  /** What was not as it was then, e.g. that the buildroot had to be made anew. */
  readonly remarks: readonly string[];
}

/** A published build cannot be made again, or not as it was. */
export class ReproductionRefusedError extends RekmodError {
  readonly failureClass = 'configuration';

  constructor(kmod: string, release: string, detail: string, options?: ErrorOptions) {
    super(`Cannot reproduce "${kmod}" for ${release}: ${detail}`, options);
  }
}
