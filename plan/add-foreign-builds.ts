import type { DonorBuild } from '../model/cell.ts';
import type { ForeignBuild } from './choose-foreign-builds.ts';

/**
 * Puts what somebody else built behind our own builds of a kmod: it serves where none of ours does.
 *
 * Of which source it was built is not known, so it counts as built of the configured one: a kernel that
 * it fits needs no build, whatever the source has become. A build of ours for the same kernel wins.
 *
 * @param now The digests of the kmod's source and inputs as they are.
 */
export function addForeignBuilds(
  own: readonly DonorBuild[],
  foreign: readonly ForeignBuild[],
  now: Pick<DonorBuild, 'sourceDigest' | 'inputDigest'>,
): readonly DonorBuild[] {
  const others = foreign.filter(({ release }) => !own.some((build) => build.release === release));
  return [
    ...own,
    ...others.map(
      ({ release, modules }): DonorBuild => ({
        ...{ release, modules, ...now },
        buildNumber: 0,
        durationMs: 0,
        isForeign: true,
      }),
    ),
  ];
}
