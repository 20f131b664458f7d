import type { Symvers } from '../model/kabi.ts';
import type { KernelExports } from '../model/kabi-check.ts';
import type { Kernel } from '../model/kernel.ts';
import { formatEvr } from '../rpm/evr.ts';
import { flavourOfRelease } from '../rpm/kernel-release.ts';

/** Gives a kernel that rekmod knows in the form in which packages are judged against any kernel. */
export function exportsOfKernel(kernel: Kernel, symvers: Symvers): KernelExports {
  const flavour = flavourOfRelease(kernel.release);
  return {
    name: kernel.release,
    releases: flavour === 'default' ? listNames(kernel) : [kernel.release],
    symvers,
    arch: kernel.arch,
    flavour,
    ...(kernel.vermagicFlags === undefined ? {} : { vermagicFlags: kernel.vermagicFlags }),
  };
}

function listNames({ release, evr, arch }: Kernel): readonly string[] {
  const plain = `${evr.version}-${evr.release}`;
  return [...new Set([release, `${plain}.${arch}`, plain, formatEvr(evr)])];
}
