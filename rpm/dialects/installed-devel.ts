import { findDefinitions, rewriteDefinitions } from '../macro-definitions.ts';
import type { MacroCheck } from '../spec-checks.ts';
import { effectiveLines } from '../spec-lines.ts';
import type { Dialect } from './dialect.ts';
import { requireRelease, type TargetKernel, toVersionRelease } from './target-kernel.ts';

/** `%define kmod_headers_version %(rpm -qa kernel-devel | …)` and its like. */
const QUERY =
  /^[ \t]*%(?:define|global)[ \t]+(?<macro>\w{3,64})[ \t]+%\((?<command>(?:rpm[ \t]+-q|ls[ \t])[^\n]*(?:kernel-devel|\/usr\/src\/kernels)[^\n]*)/gm;
/** `%define kernel_version %(uname -r)`: the kernel of the machine that builds, never the right one. */
const RUNNING = /^%\(uname[ \t]+-r\)$/;
const RUNNING_LINE =
  /^[ \t]*%(?:define|global)[ \t]+(?<macro>\w{3,64})[ \t]+%\(uname[ \t]+-r\)[ \t]*$/gm;
/** kmod-kvdo alone says it. */
const OLDEST_KERNEL = /^Requires:.*\bkernel-core-uname-r[ \t]*>=/m;

/** Real specs have one or two; each costs a pass through the spec. */
const MAX_MACROS = 16;

/**
 * Specs that ask which kernel-devel is installed, as Red Hat's kmod-kvdo does, or which kernel runs.
 *
 * The build root has one kernel-devel, so the first find the right one; the second are rewritten.
 * `kmod_kernel_version` of kmod-kvdo, the oldest kernel that it accepts, is rewritten as well: else
 * it could not be built for an older one, and would promise to run with older ones.
 *
 * @see openela-main/kmod-kvdo @b9c2da86; lkrg.spec 1.0.0
 */
export const installedDevel: Dialect = {
  name: 'installed-devel',
  injection: 'buildroot',
  matches: (specText) => findQueries(specText).length > 0 || findRunning(specText).length > 0,
  inject(specText, kernel) {
    const release = requireRelease(kernel);
    let rewritten = specText;
    const checks: MacroCheck[] = [];
    for (const macro of findRunning(specText)) {
      rewritten = rewriteDefinitions(rewritten, macro, release);
      checks.push({ macro, expected: release });
    }
    if (isPlain(specText, 'kmod_kernel_version')) {
      const expected = toVersionRelease(kernel);
      rewritten = rewriteDefinitions(rewritten, 'kmod_kernel_version', expected);
      checks.push({ macro: 'kmod_kernel_version', expected });
    }
    for (const query of findQueries(specText)) checks.push(...checkQuery(query, kernel));
    return { specText: rewritten, defines: {}, checks };
  },
  expectPackages: (specText) => ({
    dialect: 'installed-devel',
    name: '*',
    version: '*',
    directories: [],
    requires: [
      ...(OLDEST_KERNEL.test(effectiveLines(specText)) ? ['kernel-core-uname-r >= *'] : []),
      'kernel(*) = *',
    ],
    newBuild: 'replaces',
  }),
  bindsToOneKernel: false,
  usesWeakModules: true,
  signing: { by: 'nothing' },
};

interface Query {
  readonly macro: string;
  readonly command: string;
}

function findQueries(specText: string): readonly Query[] {
  const matches = [...effectiveLines(specText).matchAll(QUERY)].slice(0, MAX_MACROS);
  return matches.map(({ groups }) => ({
    macro: groups?.macro ?? '',
    command: groups?.command ?? '',
  }));
}

/** Macros whose plain definition is `%(uname -r)`. */
function findRunning(specText: string): readonly string[] {
  const names = [...effectiveLines(specText).matchAll(RUNNING_LINE)].map(
    ({ groups }) => groups?.macro ?? '',
  );
  return [...new Set(names)]
    .slice(0, MAX_MACROS)
    .filter((macro) =>
      findDefinitions(specText, macro).some(
        ({ isPlain: isOwnLine, value }) => isOwnLine && RUNNING.test(value),
      ),
    );
}

/** What a query format makes of the package's name is not known; a bare name is the release. */
function checkQuery({ macro, command }: Query, kernel: TargetKernel): readonly MacroCheck[] {
  if (/--(?:qf|queryformat)\b/.test(command)) return [];
  return [{ macro, expected: requireRelease(kernel), isDerived: true }];
}

function isPlain(specText: string, macro: string): boolean {
  return findDefinitions(specText, macro).some((definition) => definition.isPlain);
}
