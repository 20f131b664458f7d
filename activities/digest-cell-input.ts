import { createHash } from 'node:crypto';
import type { Kernel } from '../model/kernel.ts';
import type { Target } from '../model/settings.ts';
import type { Sha256Hex } from '../model/store.ts';
import { digestInputs } from '../plan/input-digest.ts';
import type { KmodInput } from './kmod-source.ts';

/**
 * Digests everything that a build of a kmod for a kernel is made from.
 *
 * @throws {ContentInvalidError} If no dialect is known.
 */
export function digestCellInput(
  { kmod, sourceDigest, dialectFor }: KmodInput,
  { kernel, target }: { readonly kernel: Kernel; readonly target: Target },
): Sha256Hex {
  return digestInputs(
    {
      sourceDigest,
      develSha256: kernel.devel.sha256,
      targetImage: target.backend === 'mock' ? `mock:${target.root}` : target.image,
      targetPackages: target.packages,
      dialect: dialectFor(kernel).name,
      arch: kernel.arch,
      ...(kmod.defines ? { defines: kmod.defines } : {}),
    },
    (text) => createHash('sha256').update(text).digest('hex'),
  );
}
