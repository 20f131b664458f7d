import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha256Hex } from '../model/store.ts';
import { joinBytes } from '../rpm/join-bytes.ts';
import { compressFile, moduleCompressor } from './compress.ts';
import { decompressBytes, formatOf } from './decompress.ts';
import { type ModuleKey, signModule } from './module-key.ts';
import { isModulePath, MAX_MODULE_BYTES } from './packaged-modules.ts';
import { replaceRpmFiles } from './replace-rpm-files.ts';

/** A module of a package that was signed, as the log of signatures has it. */
export interface SignedModuleFile {
  /** In the package, e.g. `/lib/modules/6.1.0-56-amd64/extra/jool/jool.ko.xz`. */
  readonly path: string;
  /** Of the uncompressed module without and with its signature. */
  readonly before: Sha256Hex;
  readonly after: Sha256Hex;
}

/**
 * Writes a package again with all its kernel modules signed; compressed ones are compressed as before.
 *
 * @param output Is written anew; has no signature of the package itself any more.
 * @returns The modules in the payload's order; empty for a package without modules, which is the same.
 */
export async function signModulesInRpm(
  key: ModuleKey,
  { input, output }: { readonly input: string; readonly output: string },
  { scratch, signal }: { readonly scratch: string; readonly signal: AbortSignal },
): Promise<readonly SignedModuleFile[]> {
  const signed: SignedModuleFile[] = [];
  await mkdir(scratch);
  await replaceRpmFiles(input, output, {
    wants: isModulePath,
    async replace(path, bytes) {
      const format = formatOf(path);
      const plain = await decompressBytes(format, bytes, { maxBytes: MAX_MODULE_BYTES, signal });
      const module = await signModule(key, plain, { scratch, signal });
      signed.push({ path, before: sha256(plain), after: sha256(module) });
      const compressor = moduleCompressor(format);
      if (compressor === undefined) return module;
      const file = join(scratch, 'signed.ko');
      await writeFile(file, module);
      return await collect(compressFile(compressor, file, signal));
    },
    scratch,
    signal,
  });
  return signed;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return joinBytes(pieces);
}

function sha256(bytes: Uint8Array): Sha256Hex {
  return createHash('sha256').update(bytes).digest('hex');
}
