import { z } from 'zod';
import { RcloneTarget, RsyncTarget, WebUrl, wholeNumber } from './scalars.ts';
import { Duration } from './units.ts';

/** What `keep:` of a repository may say. */
export const KeepSection = z.strictObject({
  // Each is a directory of links; the packages themselves are there once.
  snapshots: wholeNumber(1, 1000)
    .default(20)
    .describe('How many of the newest snapshots stay, to roll back to.'),
  history: Duration.default('14d').describe(
    'How long the last snapshot of each day stays besides those.',
  ),
  // One to go back to, and one more for whoever was late.
  builds: wholeNumber(1, 1000)
    .default(3)
    .describe('How many builds of a package for one kernel are listed, for dnf downgrade.'),
  // Longer than any mirror is out of order.
  gone: Duration.default('30d').describe(
    'How long packages of a kernel stay that its stream does not offer any more.',
  ),
  // dnf believes its metadata for two days before it looks again.
  grace: Duration.default('3d').describe(
    'How long files that are not listed any more can still be fetched.',
  ),
});
export type KeepSection = z.infer<typeof KeepSection>;

/** What `mirror:` of a repository may say; exactly one of them. */
export const MirrorSection = z.strictObject({
  rsync: RsyncTarget.optional().describe('Target that rsync brings every snapshot to.'),
  rclone: RcloneTarget.optional().describe('Remote that rclone brings every snapshot to, e.g. S3.'),
});
export type MirrorSection = z.infer<typeof MirrorSection>;

/** One entry of `repositories:`. */
export const RepositoryEntry = z.strictObject({
  baseUrl: WebUrl.optional().describe("Address that clients use. Default: the local server's."),
  mirror: MirrorSection.optional().describe('A copy elsewhere. Default: none.'),
  keep: KeepSection.nullable().prefault({}).describe('What stays, and for how long.'),
});
export type RepositoryEntry = z.infer<typeof RepositoryEntry>;
