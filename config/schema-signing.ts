import { z } from 'zod';
import { Path } from './scalars.ts';

const DATE_EXPECTED = 'a date such as "2027-06-30"';

/** A day; what ends with it ends at its end in UTC. */
const Day = z
  .string({ error: DATE_EXPECTED })
  .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/, DATE_EXPECTED)
  .refine(isDay, DATE_EXPECTED);

/** `Date.parse()` takes the 31st of February for the 3rd of March. */
function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const KEY_EXPECTED = 'a path, or a URI such as "pkcs11:token=hsm;object=modules" without a PIN';

/** A private key: a file, or an object of a token. A PIN in the URI would stand in lists of processes. */
const PrivateKey = z
  .string({ error: KEY_EXPECTED })
  .regex(/^(?!pkcs11:.*pin-)[^\p{Cc}]{1,4096}$/u, KEY_EXPECTED);

const VARIABLE_EXPECTED = 'a name of an environment variable such as "SOFTHSM2_CONF"';
const VariableName = z
  .string({ error: VARIABLE_EXPECTED })
  .regex(/^(?!LD_)[A-Z][A-Z0-9_]{0,63}$/, VARIABLE_EXPECTED);

const OtherKey = z.strictObject({
  publicKey: Path.describe('File with an ASCII-armored OpenPGP public key.'),
  until: Day.optional().describe('Last day on which clients get it; for good when absent.'),
});

const OtherCertificate = z.strictObject({
  certificate: Path.describe('File with an X.509 certificate, PEM or DER.'),
  until: Day.optional().describe('Last day on which clients get it; for good when absent.'),
});

/** The key that signs kernel modules. */
const ModulesSection = z.strictObject({
  key: PrivateKey.describe('File with the private key in PEM, or its PKCS#11 URI.'),
  certificate: Path.describe('File with its X.509 certificate, PEM or DER; machines enrol it.'),
  // What the kernel's own modules are signed with nearly everywhere.
  hash: z
    .enum(['sha256', 'sha384', 'sha512'], { error: '"sha256", "sha384" or "sha512"' })
    .default('sha256')
    .describe('Digest that is signed; the kernel must have it built in.'),
  passphraseFile: Path.optional().describe("File with the key's passphrase or the token's PIN."),
  environment: z
    .record(VariableName, z.string({ error: 'text' }).max(4096))
    .default({})
    .describe("Variables for OpenSSL, such as a token's own configuration."),
  otherCertificates: z
    .array(OtherCertificate)
    .default([])
    .describe('Certificates that are published besides: former ones, and the next.'),
});

const FINGERPRINT_EXPECTED = 'a fingerprint of 40 hexadecimal digits';

/** The keys that sign packages, metadata and kernel modules. */
export const SigningSection = z.strictObject({
  gnupgHome: Path.optional().describe('GnuPG home; rekmod makes one with a key when absent.'),
  keyId: z
    .string({ error: FINGERPRINT_EXPECTED })
    .regex(/^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/, FINGERPRINT_EXPECTED)
    .optional()
    .describe('Fingerprint; the only secret key of the home when absent.'),
  otherKeys: z
    .array(OtherKey)
    .default([])
    .describe('Public keys that clients get besides: former ones, and the next.'),
  modules: ModulesSection.optional().describe(
    'Key that signs kernel modules; they are left as built when absent.',
  ),
  process: z
    .enum(['own', 'separate'], { error: '"own" or "separate"' })
    .default('own')
    .describe('Whether "rekmod up" starts the signer, or somebody else runs "rekmod signer".'),
});
