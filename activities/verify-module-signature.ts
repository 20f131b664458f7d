import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCmsSigner } from '../kabi/cms-signer.ts';
import { splitModuleSignature } from '../kabi/module-signature.ts';
import { ProgramFailedError } from '../model/activity-errors.ts';
import { ModuleParseError } from '../model/parse-errors.ts';
import type { ModuleCertificate } from './module-key.ts';
import { NO_EXIT_CODE, runProgram } from './run-program.ts';

/**
 * Finds what is wrong with the signature behind a kernel module, by the certificate alone.
 *
 * @param bytes The uncompressed module.
 * @returns E.g. `expected a signature by CN=modules, found none`; undefined if it is good.
 * @see Linux 6.1 kernel/module/signing.c; openssl-cms(1)
 */
export async function findSignatureProblem(
  bytes: Uint8Array,
  certificate: ModuleCertificate,
  signal: AbortSignal,
): Promise<string | undefined> {
  const expected = `expected a signature by ${certificate.subject}`;
  try {
    const signed = splitModuleSignature(bytes);
    if (signed === undefined) return `${expected}, found none`;
    const { hash, id } = readCmsSigner(signed.cms);
    const answer = await askOpenssl(signed, certificate, signal);
    if (answer === undefined) return undefined;
    const by = id.kind === 'subject-key-id' ? `key ${id.keyId}` : `serial number ${id.serial}`;
    return `${expected}, found one of ${hash} by ${by}: ${answer}`;
  } catch (error) {
    if (error instanceof ModuleParseError)
      return `${expected}, found a damaged one: ${error.message}`;
    throw error;
  }
}

/** @returns The first line of what is wrong. */
async function askOpenssl(
  { content, cms }: { readonly content: Uint8Array; readonly cms: Uint8Array },
  certificate: ModuleCertificate,
  signal: AbortSignal,
): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-cms-'));
  const at = (name: string): string => join(directory, name);
  try {
    await writeFile(at('module'), content);
    await writeFile(at('signature'), cms);
    await writeFile(at('certificate.pem'), certificate.pem);
    await runProgram(
      [
        'openssl',
        ...['cms', '-verify', '-binary', '-inform', 'DER', '-in', at('signature')],
        // The certificate is trusted because it was configured: neither chain nor dates are asked for.
        ...['-content', at('module'), '-certfile', at('certificate.pem'), '-nointern', '-noverify'],
        ...['-out', '/dev/null'],
      ],
      { signal },
    );
    return undefined;
  } catch (error) {
    const hasAnswered =
      error instanceof ProgramFailedError &&
      error.exitCode !== null &&
      error.exitCode !== NO_EXIT_CODE;
    if (!hasAnswered) throw error;
    return error.stderrTail.trim().split('\n').at(-1)?.split(':').slice(4, 6).join(': ') ?? '';
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
