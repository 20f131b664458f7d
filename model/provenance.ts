import type { Sha256Hex, StoredFile } from './store.ts';

/** A signed statement about one package, in the store. */
export interface ProvenanceFiles {
  /** An in-toto {@link Statement} as JSON text. */
  readonly statement: StoredFile;
  /** An ASCII-armored detached OpenPGP signature of these very bytes. */
  readonly signature: StoredFile;
}

/** What a build was made of, as the builder saw it. */
export interface BuildInputs {
  /** When the build began; ISO 8601 in UTC. */
  readonly startedAt: string;
  /** E.g. `elrepo`. */
  readonly dialect: string;
  /** Name of the spec, and digest of its text as it was laid out for the kernel. */
  readonly spec: { readonly name: string; readonly sha256: Sha256Hex };
  /** Macros that rpmbuild was given. */
  readonly defines: Readonly<Record<string, string>>;
  /** What other kmods export, as a `Module.symvers` in the store; absent where none was given. */
  readonly symbols?: StoredFile;
  /** Packages of other kmods that were installed for this build, by file name; absent if there were none. */
  readonly packages?: readonly (StoredFile & { readonly fileName: string })[];
}

/** @see https://github.com/in-toto/attestation spec/v1/statement.md */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** @see https://slsa.dev/spec/v1.0/provenance */
export const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';
/** How to read the parameters: docs/provenance.md. */
export const BUILD_TYPE = 'urn:rekmod:build-type:kmod-rpm:1';
/** The builder; its version stands beside it. */
export const BUILDER_ID = 'urn:rekmod:builder:1';

/**
 * Something that went in or came out, by its digests.
 *
 * @see https://github.com/in-toto/attestation spec/v1/resource_descriptor.md
 */
export interface ResourceDescriptor {
  readonly name: string;
  readonly uri?: string;
  /** By algorithm, hexadecimal. */
  readonly digest: Readonly<Record<string, string>>;
  readonly mediaType?: string;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/** What somebody chose: enough to ask for the same build again. */
export interface ExternalParameters {
  readonly kmod: string;
  readonly stream: string;
  /** `uname -r`. */
  readonly kernel: string;
  readonly arch: string;
  /** Where spec and sources come from, without paths of the builder's machine. */
  readonly source: Readonly<Record<string, string>>;
}

/** What rekmod made of it. */
export interface InternalParameters {
  readonly buildNumber: number;
  readonly dialect: string;
  readonly spec: string;
  readonly specSha256: Sha256Hex;
  readonly defines: Readonly<Record<string, string>>;
  readonly target: string;
  readonly verdict: { readonly kind: string; readonly why: string; readonly sentence: string };
}

/** In-toto Statement v1 with SLSA provenance v1 about one RPM. Plain JSON. */
export interface Statement {
  readonly _type: typeof STATEMENT_TYPE;
  /** The RPM, as signed. */
  readonly subject: readonly [
    { readonly name: string; readonly digest: { readonly sha256: Sha256Hex } },
  ];
  readonly predicateType: typeof PREDICATE_TYPE;
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: typeof BUILD_TYPE;
      readonly externalParameters: ExternalParameters;
      readonly internalParameters: InternalParameters;
      readonly resolvedDependencies: readonly ResourceDescriptor[];
    };
    readonly runDetails: {
      readonly builder: { readonly id: string; readonly version: Readonly<Record<string, string>> };
      readonly metadata: {
        readonly invocationId: string;
        /** RFC 3339 in UTC, whole seconds. */
        readonly startedOn: string;
        readonly finishedOn: string;
      };
      readonly byproducts: readonly ResourceDescriptor[];
    };
  };
}

/** Names of the dependencies that every statement has; see docs/provenance.md. */
export const DEPENDENCY = {
  kernelDevel: 'kernel-devel',
  source: 'source',
  buildroot: 'buildroot',
  image: 'builder-image',
  symbols: 'provider-symbols',
  package: 'provider-package',
} as const;
