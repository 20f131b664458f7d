import { isOverridable } from '../macro-definitions.ts';
import { effectiveLines } from '../spec-lines.ts';
import type { Dialect } from './dialect.ts';
import { requireRelease } from './target-kernel.ts';

/** `sh %{SOURCE10} rpmtemplate …`: the package's own kmodtool, which names its packages `kmod-…`. */
const TEMPLATE = /\brpmtemplate(?:_kmp)?\b/;

/**
 * ELRepo for EL 5 to 7: `%{!?kversion: %define kversion 3.10.0-862.el7.%{_target_cpu}}`, and others
 * that have the same macro, some with `%(uname -r)`.
 *
 * @see elrepo/packages @0479b660f652, 165 specs of el5 to el7
 */
export const elrepo7: Dialect = {
  name: 'elrepo7',
  injection: 'define',
  matches: (specText) => isOverridable(specText, 'kversion'),
  inject(specText, kernel) {
    const expected = requireRelease(kernel);
    return {
      specText,
      defines: { kversion: expected },
      checks: [{ macro: 'kversion', expected }],
    };
  },
  expectPackages: (specText) => ({
    dialect: 'elrepo7',
    name: TEMPLATE.test(effectiveLines(specText)) ? 'kmod-*' : '*',
    version: '*',
    directories: ['extra', 'updates'],
    requires: ['kernel(*) = *'],
    newBuild: 'replaces',
  }),
  bindsToOneKernel: false,
  usesWeakModules: true,
  signing: { by: 'condition', name: 'modsign' },
};
