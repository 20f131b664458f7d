import type { KernelExports, KmodPackage } from '../../model/kabi-check.ts';
import { type Crcs, type ModuleChanges, moduleOf, symversOf } from './plan-facts.ts';

/** A package with one module of its name, read from its payload. */
export function packageOf(
  name: string,
  module: ModuleChanges = {},
  changes: Partial<KmodPackage> = {},
): KmodPackage {
  return {
    name,
    modules: [moduleOf(name, module)],
    arch: 'x86_64',
    builtFor: '5.14.0-611.el9.x86_64',
    flavours: ['default'],
    boundTo: [],
    symsets: [],
    importsFromKmods: [],
    ...changes,
  };
}

/** The kernel `5.14.0-620.el9`, all of vmlinux. */
export function kernelExportsOf(crcs: Crcs, changes: Partial<KernelExports> = {}): KernelExports {
  return {
    name: '5.14.0-620.el9.x86_64',
    releases: ['5.14.0-620.el9.x86_64', '5.14.0-620.el9'],
    symvers: symversOf(crcs),
    arch: 'x86_64',
    flavour: 'default',
    ...changes,
  };
}
