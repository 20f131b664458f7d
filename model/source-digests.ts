import type { Sha256Hex } from './store.ts';

/** What a cell is, or would be, made from. */
export interface SourceDigests {
  /** Digest of spec and sources alone. */
  readonly sourceDigest: Sha256Hex;
  /** Everything that could make the result another one: source, kernel, builder, dialect. */
  readonly inputDigest: Sha256Hex;
}
