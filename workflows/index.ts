/** The workflows that a worker runs; Temporal's bundler starts here. */
export { followSources } from './follow-sources.ts';
export { followStream } from './follow-stream.ts';
export { gateStream } from './gate-stream.ts';
export { publishRepository } from './publish-repository.ts';
export { rebuildKmod } from './rebuild-kmod.ts';
export { rolloutKernel } from './rollout-kernel.ts';
export { signMetadata } from './sign-metadata.ts';
export { upkeep } from './upkeep.ts';
