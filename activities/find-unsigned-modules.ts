import { decompressBytes, formatOf } from './decompress.ts';
import type { ModuleCertificate } from './module-key.ts';
import { isModulePath, MAX_MODULE_BYTES } from './packaged-modules.ts';
import { openRpm } from './rpm-file.ts';
import { findSignatureProblem } from './verify-module-signature.ts';

/**
 * Finds the kernel modules of a package that are not signed as they should be, by the certificate alone.
 *
 * @param path Of an RPM file.
 * @returns Sentences for people, e.g. `/lib/modules/…/jool.ko: expected a signature by CN=modules, found none`.
 */
export async function findUnsignedModules(
  path: string,
  certificate: ModuleCertificate,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const rpm = await openRpm(path);
  const wanted = { wants: isModulePath, maxBytesPerFile: MAX_MODULE_BYTES, signal };
  await rpm.visitFiles(wanted, async (name, bytes) => {
    const bounds = { maxBytes: MAX_MODULE_BYTES, signal };
    const plain = await decompressBytes(formatOf(name), bytes, bounds);
    const problem = await findSignatureProblem(plain, certificate, signal);
    if (problem !== undefined) problems.push(`${name}: ${problem}`);
  });
  return problems;
}
