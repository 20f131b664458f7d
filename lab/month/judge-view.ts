import type { KnownKernel } from './expected-builds.ts';
import { packageNamesOf, releaseOf } from './kernel-releases.ts';
import { evrOf } from './month-events.ts';
import { MONTH_KMODS } from './month-streams.ts';
import type { SeenPackage } from './read-view.ts';

/** What a client sees, and what is known to be true. */
export interface ViewFacts {
  readonly packages: readonly SeenPackage[];
  /** Kernels that the client saw a moment ago, by `uname -r`. */
  readonly before: ReadonlySet<string>;
  /** All kernels of the stream's script. */
  readonly kernels: readonly KnownKernel[];
  /** Whether upstream offers a kernel, or did so lately. */
  readonly isOffered: (known: KnownKernel) => boolean;
  /** Whether upstream has offered a kernel all the time lately. */
  readonly isSteady: (known: KnownKernel) => boolean;
}

/** What a client saw. */
export interface JudgedView {
  /** Kernels by `uname -r`. */
  readonly visible: ReadonlySet<string>;
  /** A sentence each, e.g. `5.14.0-601.el9.x86_64 is visible without beta`. */
  readonly violations: readonly string[];
}

/**
 * Judges a gated repository at one moment: each kernel that it lists must come with modules that fit it of every
 * required kmod, must be offered by upstream, must be there once, and must not vanish unless upstream took it back.
 */
export function judgeView(facts: ViewFacts): JudgedView {
  const { packages, kernels, before } = facts;
  const visible = kernels.filter((known) => isListed(known, packages));
  const releases = new Set(visible.map(releaseOf));
  const violations = [
    ...findTwice(packages).map((name) => `${name} is listed twice`),
    ...visible.flatMap((known) =>
      findMissing(known, facts).map((kmod) => `${releaseOf(known)} is visible without ${kmod}`),
    ),
    ...visible
      .filter((known) => !facts.isOffered(known))
      .map((known) => `${releaseOf(known)} is visible, and upstream does not offer it`),
    ...kernels
      .filter((known) => before.has(releaseOf(known)) && !releases.has(releaseOf(known)))
      .filter(facts.isSteady)
      .map((known) => `${releaseOf(known)} vanished, and upstream offers it`),
  ];
  return { visible: releases, violations };
}

function isListed(known: KnownKernel, packages: readonly SeenPackage[]): boolean {
  const { core } = packageNamesOf(known);
  return packages.some((seen) => seen.name === core && evrOf(seen) === evrOf(known.kernel));
}

/** Required kmods of which no listed package has modules with the kernel's CRCs. */
function findMissing(known: KnownKernel, { packages, kernels }: ViewFacts): readonly string[] {
  return MONTH_KMODS.filter(
    ({ isRequired, streams }) => isRequired && streams.includes(known.kernel.stream),
  )
    .map(({ name }) => name)
    .filter((kmod) => {
      const fitting = kernels.filter(
        ({ kernel, flavour }) =>
          flavour === known.flavour && kernel.generations[kmod] === known.kernel.generations[kmod],
      );
      return !packages.some(
        ({ name, release }) =>
          name === `kmod-${kmod}` && fitting.some((other) => isBuiltFor(release, other)),
      );
    });
}

/** Whether a Release, e.g. `1.k5.14.0_601.el9.x86_64.b1`, says that the package was built for a kernel. */
function isBuiltFor(release: string, known: KnownKernel): boolean {
  return release.includes(`.k${releaseOf(known).replaceAll('-', '_')}.b`);
}

function findTwice(packages: readonly SeenPackage[]): readonly string[] {
  const names = packages.map((seen) => `${seen.name}-${evrOf(seen)}.${seen.arch}`);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
