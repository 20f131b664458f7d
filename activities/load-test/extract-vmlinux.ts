import { readFile, writeFile } from 'node:fs/promises';
import { findPayload, isBzImage } from '../../kabi/kernel-image.ts';
import { hasPvhEntry } from '../../kabi/pvh-note.ts';
import { decompressBytes } from '../decompress.ts';

/** A kernel unpacks to 60 to 120 MB. */
const MAX_VMLINUX_BYTES = 512 * 1024 * 1024;

/**
 * Unpacks a kernel once instead of in each boot, which saves an emulated machine more than two seconds.
 *
 * @param image A whole `vmlinuz`.
 * @returns The `vmlinux`, or the image as it is where that cannot be booted directly.
 * @throws {KernelImageParseError | DecompressError} If an x86 image is damaged.
 */
export async function extractVmlinux(image: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  if (!isBzImage(image)) return image;
  const { format, bytes } = findPayload(image);
  const vmlinux = await decompressBytes(format, bytes, { maxBytes: MAX_VMLINUX_BYTES, signal });
  return hasPvhEntry(vmlinux) ? vmlinux : image;
}

/** {@link extractVmlinux} from file to file. */
export async function extractVmlinuxFile(
  imagePath: string,
  targetPath: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  await writeFile(targetPath, await extractVmlinux(await readFile(imagePath), signal));
}
