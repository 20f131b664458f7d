import { effectiveLines } from '../spec-lines.ts';
import type { Dialect } from './dialect.ts';
import { usesKernelModulePackage } from './flavours.ts';
import { injectKernelVersion } from './rhel-kmp.ts';

/** Its configure builds modules alone; no other kmod has this option. */
const MARK = /--with-config=kernel\b/;

/**
 * OpenZFS as it packages itself for Red Hat (`rpm/redhat/zfs-kmod.spec`): `%kernel_module_package`
 * with a preamble that ties it to one version of the userspace package.
 *
 * @see openzfs/zfs rpm/redhat/zfs-kmod.spec.in @2d58776a
 */
export const openzfs: Dialect = {
  name: 'openzfs',
  injection: 'define',
  matches(specText) {
    const lines = effectiveLines(specText);
    return MARK.test(lines) && usesKernelModulePackage(lines);
  },
  inject: injectKernelVersion,
  expectPackages: () => ({
    dialect: 'openzfs',
    name: 'kmod-*',
    version: '*',
    directories: ['extra'],
    requires: ['zfs = *', 'kernel(*) = *'],
    newBuild: 'replaces',
  }),
  bindsToOneKernel: false,
  usesWeakModules: true,
  signing: { by: 'files', name: 'certs/signing_key.x509' },
};
