/** A SHA-256 in 64 lower-case hexadecimal digits. */
export type Sha256Hex = string;

/** A file in the content-addressed store, e.g. a `kernel-devel` RPM; the digest is its address. */
export interface StoredFile {
  readonly sha256: Sha256Hex;
  readonly sizeBytes: number;
}
