import { ModuleParseError } from '../model/parse-errors.ts';
import { DER, type DerElement, readDer, readObjectId } from './der.ts';

/** Who signed a module, and how, as the signature itself says. */
export interface CmsSigner {
  /** E.g. `sha256`; the dotted identifier of one that the kernel does not know. */
  readonly hash: string;
  /** By what the kernel looks for the certificate. Bytes are in lower-case hexadecimal. */
  readonly id:
    | { readonly kind: 'issuer-and-serial'; readonly issuer: string; readonly serial: string }
    | { readonly kind: 'subject-key-id'; readonly keyId: string };
}

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/**
 * Reads who made a module's signature; whether it is good is not looked at.
 *
 * @param cms A CMS message in DER, see `splitModuleSignature()`.
 * @throws {ModuleParseError} If it is no message with exactly one signer.
 * @see RFC 5652, section 5: SignedData, SignerInfo
 */
export function readCmsSigner(cms: Uint8Array): CmsSigner {
  const [contentInfo] = readDer(cms);
  const [type, explicit] = readList(contentInfo, DER.sequence, 'a CMS message');
  if (type?.tag !== DER.objectId || readObjectId(type.content) !== SIGNED_DATA) {
    throw new ModuleParseError('expected a CMS message with signed data, found another');
  }
  const [signedData] = readList(explicit, DER.contextList0, 'signed data');
  const parts = readList(signedData, DER.sequence, 'signed data');
  const signers = readList(parts.at(-1), DER.set, 'signers');
  const [signer] = signers;
  if (signers.length !== 1) {
    throw new ModuleParseError(`expected one signer, found ${signers.length}`);
  }
  const [, id, digest] = readList(signer, DER.sequence, 'a signer');
  const [hash] = readList(digest, DER.sequence, 'a digest algorithm');
  if (hash?.tag !== DER.objectId) throw describeMissing('a digest algorithm');
  const hashId = readObjectId(hash.content);
  return { hash: HASHES.get(hashId) ?? hashId, id: readId(id) };
}

function readId(element: DerElement | undefined): CmsSigner['id'] {
  if (element?.tag === DER.context0) {
    return { kind: 'subject-key-id', keyId: toHex(element.content) };
  }
  const [issuer, serial] = readList(element, DER.sequence, "a signer's name");
  if (issuer?.tag !== DER.sequence || serial?.tag !== DER.integer) {
    throw describeMissing("a signer's issuer and serial number");
  }
  return {
    kind: 'issuer-and-serial',
    issuer: toHex(issuer.bytes),
    serial: toHex(serial.content).replace(/^(?:00)+(?=.)/, ''),
  };
}

function readList(element: DerElement | undefined, tag: number, what: string) {
  if (element?.tag !== tag) throw describeMissing(what);
  return readDer(element.content);
}

function describeMissing(what: string): ModuleParseError {
  return new ModuleParseError(`expected ${what} in the signature, found none`);
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
