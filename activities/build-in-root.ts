import type {
  BuildBackend,
  BuildRequest,
  BuildResult,
  Buildroot,
  RunControl,
} from '../containers/backend.ts';
import { BuildrootMissingError } from '../model/engine-errors.ts';
import type { Kernel } from '../model/kernel.ts';
import { describeBuildrootRequest } from './buildroot-request.ts';
import { noteCompilers, requireCompiler } from './heed-compilers.ts';
import { labelRun } from './run-labels.ts';
import { withScratch } from './scratch.ts';

type PrepareDeps = Omit<Parameters<typeof describeBuildrootRequest>[1], 'directory' | 'signal'> & {
  readonly data: Parameters<typeof withScratch>[0];
  readonly backend: BuildBackend;
  readonly homeId: string;
};

/** Makes the buildroot of a kernel, or finds it. */
export async function prepare(
  kernel: Kernel,
  run: RunControl,
  deps: PrepareDeps,
): Promise<Buildroot> {
  const labels = labelRun(deps.homeId, { stream: kernel.stream, release: kernel.release });
  return await withScratch(deps.data, 'prepare', async (directory) => {
    const layout = { ...deps, directory, signal: run.signal };
    const request = { ...(await describeBuildrootRequest(kernel, layout)), labels };
    const buildroot = await deps.backend.prepare(request, run);
    requireCompiler(noteCompilers(buildroot, run.onLog), request.target);
    return buildroot;
  });
}

/** Builds, and makes the buildroot again if somebody has removed it since it was prepared. */
export async function buildInRoot(
  kernel: Kernel,
  request: BuildRequest,
  { run, deps }: { readonly run: RunControl; readonly deps: PrepareDeps },
): Promise<BuildResult> {
  try {
    return await deps.backend.build(request, run);
  } catch (error) {
    if (!(error instanceof BuildrootMissingError)) throw error;
    run.onLog(Buffer.from(`rekmod: ${error.message}; preparing it again\n`));
    const buildroot = await prepare(kernel, run, deps);
    // What would be told of this build's origin is what was prepared at first.
    if (buildroot.digest !== request.buildroot.digest) throw error;
    return await deps.backend.build({ ...request, buildroot }, run);
  }
}
