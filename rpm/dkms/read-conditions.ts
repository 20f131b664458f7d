import type { DkmsConditions } from './dkms-conf.ts';
import type { ConfVariables } from './read-variables.ts';
import { textOf } from './shell-value.ts';

const OPTION = /^!?CONFIG_[A-Za-z0-9_]+$/;

/**
 * Reads for which kernels a DKMS source is built, as far as the file says it in plain words. What it
 * says under conditions of its own is for the build to find out.
 */
export function readConditions(variables: ConfVariables): DkmsConditions {
  const kernel = find(variables, 'BUILD_EXCLUSIVE_KERNEL');
  const arch = find(variables, 'BUILD_EXCLUSIVE_ARCH');
  const minKernel = find(variables, 'BUILD_EXCLUSIVE_KERNEL_MIN');
  const maxKernel = find(variables, 'BUILD_EXCLUSIVE_KERNEL_MAX');
  const obsoleteBy = find(variables, 'OBSOLETE_BY');
  const options = (find(variables, 'BUILD_EXCLUSIVE_CONFIG') ?? '').split(/\s+/);
  return {
    ...(kernel === undefined ? {} : { kernel }),
    ...(arch === undefined ? {} : { arch }),
    ...(minKernel === undefined ? {} : { minKernel }),
    ...(maxKernel === undefined ? {} : { maxKernel }),
    config: options.filter((option) => OPTION.test(option)),
    ...(obsoleteBy === undefined ? {} : { obsoleteBy }),
  };
}

function find({ values, unsure }: ConfVariables, name: string): string | undefined {
  if (unsure.has(name)) return undefined;
  const text = textOf(values.get(name)?.get(0) ?? [])?.trim();
  return text === '' ? undefined : text;
}
