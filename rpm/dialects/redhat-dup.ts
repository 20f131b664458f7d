import { findDefinitions, type MacroDefinition, rewriteDefinitions } from '../macro-definitions.ts';
import { effectiveLines } from '../spec-lines.ts';
import type { Dialect } from './dialect.ts';
import { requireRelease, toVersionRelease } from './target-kernel.ts';

/** ddiskit writes it since EL 7. */
const OLDEST_KERNEL = /^Requires:.*\bkernel[ \t]*>=/m;

/**
 * Red Hat's Driver Update Program, as ddiskit writes it: `%define kmod_kernel_version 4.18.0-444.el8`.
 *
 * The definition is unconditional, so the line itself is rewritten. For EL 6, ddiskit used
 * `%kernel_module_package` as well and set its `kernel_version` in the same way. What
 * `kmod_kernel_version_min` says stays: it is the oldest kernel that users may have.
 *
 * @see orosp/ddiskit @de1f6847, templates/spec; openela-main/kmod-redhat-rtw89 @90aea566
 */
export const redhatDup: Dialect = {
  name: 'redhat-dup',
  injection: 'rewrite',
  matches: (specText) => findPlain(specText, 'kmod_kernel_version') !== undefined,
  inject(specText, kernel) {
    const expected = toVersionRelease(kernel);
    const rewritten = rewriteDefinitions(specText, 'kmod_kernel_version', expected);
    const checks = [{ macro: 'kmod_kernel_version', expected }];
    const other = findPlain(specText, 'kernel_version');
    if (other === undefined) return { specText: rewritten, defines: {}, checks };
    const hasArch = other.value.includes('%') || other.value.endsWith(kernel.arch);
    const value = hasArch ? requireRelease(kernel) : expected;
    return {
      specText: rewriteDefinitions(rewritten, 'kernel_version', value),
      defines: {},
      checks: [...checks, { macro: 'kernel_version', expected: value }],
    };
  },
  expectPackages: (specText) => ({
    dialect: 'redhat-dup',
    name: 'kmod-*',
    version: '*',
    directories: ['extra'],
    requires: [
      'kernel(*) = *',
      ...(OLDEST_KERNEL.test(effectiveLines(specText)) ? ['kernel >= *'] : []),
    ],
    newBuild: 'replaces',
  }),
  bindsToOneKernel: false,
  usesWeakModules: true,
  signing: { by: 'nothing' },
};

function findPlain(specText: string, macro: string): MacroDefinition | undefined {
  return findDefinitions(specText, macro).find((definition) => definition.isPlain);
}
