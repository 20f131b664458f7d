import { runProgram } from '../../activities/run-program.ts';
import type { ModuleSigningSettings } from '../../model/settings.ts';
import { makeScratch } from './scratch.ts';

/** A key for kernel modules of a test's own, in files. */
export interface ModuleKeyRig extends AsyncDisposable {
  readonly settings: ModuleSigningSettings;
}

/** Makes a key and a certificate of the given name; one of elliptic curves is made at once. */
export async function makeModuleKey(
  name = 'modules',
  algorithm: 'ec' | 'rsa' = 'ec',
): Promise<ModuleKeyRig> {
  const scratch = await makeScratch();
  const [key, certificate] = [scratch.at('key.pem'), scratch.at('certificate.pem')];
  await runProgram([
    'openssl',
    ...['req', '-x509', '-nodes', '-days', '3650', '-subj', `/CN=${name}`, '-newkey', algorithm],
    ...['-pkeyopt', algorithm === 'ec' ? 'ec_paramgen_curve:P-256' : 'rsa_keygen_bits:2048'],
    ...['-keyout', key, '-out', certificate],
  ]);
  return {
    settings: { key, certificate, hash: 'sha256', environment: {}, otherCertificates: [] },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}
