import { ModuleParseError } from '../model/parse-errors.ts';
import { viewOf } from './elf.ts';

/** A module that was signed, taken apart. */
export interface SignedModule {
  /** What is signed: the module as it was built. A view. */
  readonly content: Uint8Array;
  /** The signature: a detached CMS message (PKCS#7) in DER. A view. */
  readonly cms: Uint8Array;
}

const MAGIC = new TextEncoder().encode('~Module signature appended~\n');
/** `struct module_signature`: algorithm, hash, kind, two lengths, padding, then the signature's length. */
const STRUCT_BYTES = 12;
const PKEY_ID_PKCS7 = 2;
/** A signature of RSA with 8192 bits has 1.5 kB. */
const CMS_BYTES_LIMIT = 64 * 1024;

/**
 * Takes a module and the signature behind it apart.
 *
 * @param bytes The whole uncompressed `.ko` file.
 * @returns undefined if the module is not signed.
 * @throws {ModuleParseError} If what is there is not what the kernel takes for a signature.
 * @see Linux 6.1 kernel/module/signing.c, mod_verify_sig(); kernel/module_signature.c, mod_check_sig()
 */
export function splitModuleSignature(bytes: Uint8Array): SignedModule | undefined {
  const magicAt = bytes.length - MAGIC.length;
  if (magicAt < 0 || !MAGIC.every((byte, i) => bytes[magicAt + i] === byte)) return undefined;
  const structAt = magicAt - STRUCT_BYTES;
  if (structAt < 0) {
    throw new ModuleParseError(`expected a signature before its magic, found ${magicAt} bytes`);
  }
  const [algorithm, hash, kind, ...rest] = bytes.subarray(structAt, structAt + 8);
  if (kind !== PKEY_ID_PKCS7 || [algorithm, hash, ...rest].some((byte) => byte !== 0)) {
    throw new ModuleParseError(`expected a PKCS#7 signature, found one of kind ${kind}`);
  }
  const cmsBytes = viewOf(bytes).getUint32(structAt + 8);
  const cmsAt = structAt - cmsBytes;
  if (cmsBytes > CMS_BYTES_LIMIT || cmsAt < 0) {
    const expected = Math.min(CMS_BYTES_LIMIT, structAt);
    throw new ModuleParseError(
      `expected a signature of at most ${expected} bytes, found ${cmsBytes}`,
    );
  }
  return { content: bytes.subarray(0, cmsAt), cms: bytes.subarray(cmsAt, structAt) };
}

/**
 * Appends a signature as the kernel's own `sign-file` does.
 *
 * @param content The uncompressed module without a signature.
 * @param cms A detached CMS message in DER.
 * @see Linux 6.1 scripts/sign-file.c
 */
export function appendModuleSignature({ content, cms }: SignedModule): Uint8Array {
  const struct = new Uint8Array(STRUCT_BYTES);
  struct[2] = PKEY_ID_PKCS7;
  viewOf(struct).setUint32(8, cms.length);
  const all = new Uint8Array(content.length + cms.length + STRUCT_BYTES + MAGIC.length);
  all.set(content);
  all.set(cms, content.length);
  all.set(struct, content.length + cms.length);
  all.set(MAGIC, all.length - MAGIC.length);
  return all;
}
