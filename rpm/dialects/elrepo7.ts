import { type Dialect, isOverridable, requireRelease } from './dialect.ts';

/**
 * ELRepo for EL 5 to 7: `%{!?kversion: %define kversion 3.10.0-862.el7.%{_target_cpu}}`.
 *
 * @see elrepo/packages @0479b660f652, 165 specs of el5 to el7
 */
export const elrepo7: Dialect = {
  name: 'elrepo7',
  matches: (specText) => isOverridable(specText, 'kversion'),
  defines: (kernel) => ({ kversion: requireRelease(kernel) }),
  bindsToOneKernel: false,
};
