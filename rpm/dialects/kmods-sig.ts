import { findDefinitions, rewriteDefinitions } from '../macro-definitions.ts';
import { effectiveLines } from '../spec-lines.ts';
import type { Dialect } from './dialect.ts';
import { requireRelease, toVersionRelease } from './target-kernel.ts';

/** Version and release of a kernel, e.g. `5.14.0-587.el9`. */
const KERNEL = /^[0-9]+\.[0-9]+\.[0-9]+-[0-9]\S*$/;
/** Of what provides this, dnf keeps earlier versions. */
const INSTALL_ONLY = /^Provides:.*\binstallonlypkg\(kernel-module\)/m;

/**
 * The CentOS Kmods SIG: `%global kernel 5.14.0-587.el9`, from which most take their Version too
 * (`5.14.0~587`).
 *
 * The definition is unconditional, so the line itself is rewritten. `%{baserelease}` stays; the
 * Release grows by what every build appends to it.
 *
 * @see pagure.io/centos-sig-kmods; lists.centos.org 2022-June/164668
 */
export const kmodsSig: Dialect = {
  name: 'kmods-sig',
  injection: 'rewrite',
  matches: (specText) =>
    findDefinitions(specText, 'kernel').some(({ isPlain, value }) => isPlain && KERNEL.test(value)),
  inject(specText, kernel) {
    const expected = toVersionRelease(kernel);
    return {
      specText: rewriteDefinitions(specText, 'kernel', expected),
      defines: {},
      checks: [{ macro: 'kernel', expected }],
    };
  },
  expectPackages: (specText, kernel) => ({
    dialect: 'kmods-sig',
    // Their own are kmod-…; packages after their form are named like the driver.
    name: '*',
    version: '*',
    directories: ['extra'],
    requires: [`kernel-uname-r >= ${requireRelease(kernel)}`, 'kernel(*) = *'],
    newBuild: INSTALL_ONLY.test(effectiveLines(specText)) ? 'stands-beside' : 'replaces',
  }),
  bindsToOneKernel: false,
  usesWeakModules: true,
  signing: { by: 'nothing' },
};
