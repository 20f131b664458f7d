import type { BuildrootKernel, PrepareRequest } from '../containers/backend.ts';
import type { Kernel } from '../model/kernel.ts';
import type { Settings } from '../model/settings.ts';
import type { ContentStore } from './content-store.ts';
import { type LayOutSpecsDeps, layOutSpecs } from './lay-out-specs.ts';
import { requireNamed } from './require-named.ts';

/**
 * Says what buildroot a kernel's cells share. It satisfies every kmod of the stream, whichever of them is
 * built now, so that a single build finds the rollout's.
 *
 * @param deps Its directory gets the specs.
 */
export async function describeBuildrootRequest(
  kernel: Kernel,
  deps: LayOutSpecsDeps & { readonly store: ContentStore },
): Promise<Omit<PrepareRequest, 'labels'>> {
  return {
    target: targetOf(deps.settings, kernel),
    kernel: await toBuildrootKernel(kernel, deps.store),
    specs: await layOutSpecs(kernel, deps),
    limits: deps.settings.limits,
  };
}

/** The target that builds for a kernel. */
export function targetOf(settings: Settings, kernel: Kernel): Settings['targets'][number] {
  const stream = requireNamed(settings.streams, 'build for', 'stream', kernel.stream);
  return requireNamed(settings.targets, 'build on', 'target', stream.target);
}

async function toBuildrootKernel(kernel: Kernel, store: ContentStore): Promise<BuildrootKernel> {
  return {
    release: kernel.release,
    develRpm: await store.require(kernel.devel),
    develSha256: kernel.devel.sha256,
    develNevra: kernel.devel.nevra,
  };
}
