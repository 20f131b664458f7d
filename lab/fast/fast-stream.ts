import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { type FastKernel, fastKernelFiles, makeFastKernel } from './fast-kernel.ts';

const run = promisify(execFile);

/**
 * Releases kernels in a stream's directory: their packages and metadata of createrepo_c, which change at
 * one instant. A hundred kernels take a second or two. Nobody signs them.
 */
export async function releaseFastKernels(
  streamDirectory: string,
  kernels: readonly FastKernel[],
): Promise<void> {
  for (const kernel of kernels) await makeFastKernel(join(streamDirectory, 'Packages'), kernel);
  await writeMetadata(streamDirectory);
}

/** Takes kernels out of a stream again, packages and all. */
export async function withdrawFastKernels(
  streamDirectory: string,
  kernels: readonly Pick<FastKernel, 'spelling'>[],
): Promise<void> {
  for (const name of kernels.flatMap((kernel) => fastKernelFiles(kernel))) {
    await rm(join(streamDirectory, 'Packages', name), { force: true });
  }
  await writeMetadata(streamDirectory);
}

/** `repodata` is a link to the generation in force; those before stay for whoever reads them just now. */
async function writeMetadata(streamDirectory: string): Promise<void> {
  await mkdir(join(streamDirectory, 'Packages'), { recursive: true });
  const generation = await mkdtemp(join(streamDirectory, '.generation-'));
  const update = ['--update', '--update-md-path', streamDirectory];
  const argv = ['--quiet', '--no-database', ...update, '--outputdir', generation];
  await run('createrepo_c', [...argv, '--excludes=.*', streamDirectory]);
  const link = join(streamDirectory, `.link-${basename(generation)}`);
  await symlink(join(basename(generation), 'repodata'), link);
  await rename(link, join(streamDirectory, 'repodata'));
}
