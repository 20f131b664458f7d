import { type ForeignOptions, readKernelExports } from '../activities/kernel-exports.ts';
import { isFile, isUrl } from '../activities/location.ts';
import type { KernelExports } from '../model/kabi-check.ts';
import { exportsOfKernel } from '../plan/known-kernel.ts';
import { chooseKernels } from './choose-kernels.ts';
import { type CommonOptions, openContext } from './context.ts';

/** How a kernel that a person names is read. */
export interface KernelArgumentOptions extends ForeignOptions {
  /** Where several streams have a kernel of that name. */
  readonly stream?: string | undefined;
  /** Where the configuration is; it is opened for a kernel that rekmod knows only. */
  readonly common: CommonOptions;
}

/** What can be given for a kernel, for the help. */
export const KERNEL_FORMS =
  'as uname -r says it, or a Module.symvers, symvers.gz, kernel RPM, directory, repository#version';

/**
 * Reads what a kernel exports: one that rekmod knows by its `uname -r`, or any for which there is a
 * file, a package, a directory or a repository; see {@link readKernelExports}.
 *
 * @param names At least one; several are packages of one kernel.
 * @throws {NotFoundError} If nothing is there and rekmod knows no such kernel.
 */
export async function readKernelArgument(
  names: readonly string[],
  options: KernelArgumentOptions,
): Promise<KernelExports> {
  const [only] = names;
  if (only !== undefined && names.length === 1 && !(await isForeignKernel(only))) {
    return await readKnownKernel(only, options);
  }
  return await readKernelExports(names, options);
}

/**
 * Whether a person names a kernel by where it lies, so that no configuration is needed: a URL, a path, or
 * a file in this directory.
 */
export async function isForeignKernel(name: string): Promise<boolean> {
  return name.includes('/') || isUrl(name) || (await isFile(name));
}

async function readKnownKernel(
  release: string,
  { stream, common }: KernelArgumentOptions,
): Promise<KernelExports> {
  const context = await openContext(common);
  const streams = context.settings.streams.map(({ name }) => name);
  const choice = { kernel: release, ...(stream === undefined ? {} : { stream }) };
  const [chosen] = await chooseKernels(choice, streams, context);
  if (!chosen) throw new Error('BUG: no kernel was chosen');
  return exportsOfKernel(chosen, await context.readSymvers(chosen.symvers));
}
