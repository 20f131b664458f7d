import type { Mirror } from '../../model/settings.ts';
import { runProgram } from '../run-program.ts';

/** A first copy of a large repository over a slow line. */
const COPY_TIMEOUT_MS = 3 * 60 * 60_000;
const ENTRY = '/repodata/repomd.xml*';
/** Our own records are nobody else's business. */
const OWN = '/.*';

/**
 * Brings a snapshot to a mirror, in three steps that are each safe to end with: what has a name that
 * never changes its content; `repomd.xml` with its signature; and only then the deletion of what the
 * snapshot does not hold any more, which nobody may ask for since the grace is over.
 *
 * @param path The snapshot.
 * @throws {ProgramFailedError} If the program is missing, or the target cannot be written.
 * @see rsync(1), rclone(1)
 */
export async function mirrorSnapshot(
  path: string,
  mirror: Mirror,
  signal: AbortSignal,
): Promise<void> {
  const steps = mirror.by === 'rsync' ? describeRsync(path, mirror) : describeRclone(path, mirror);
  for (const argv of steps) await runProgram(argv, { signal, timeoutMs: COPY_TIMEOUT_MS });
}

type Argv = readonly [string, ...string[]];

function describeRsync(path: string, { target }: Mirror): readonly Argv[] {
  const places = ['--', `${path}/`, `${target.replace(/\/$/, '')}/`];
  const copy: Argv = ['rsync', '--recursive', '--links', '--times', `--exclude=${OWN}`];
  return [
    [...copy, `--exclude=${ENTRY}`, ...places],
    // Two of one second may be of one size; all are put in their places at the end.
    [
      ...copy,
      ...['--checksum', '--delay-updates', '--include=/repodata/', `--include=${ENTRY}`],
      ...['--exclude=*', ...places],
    ],
    [...copy, '--delete-after', ...places],
  ];
}

function describeRclone(path: string, { target }: Mirror): readonly Argv[] {
  // Not every storage knows times, and a name has one content.
  const bySize = ['--size-only', `--exclude=${OWN}`];
  return [
    ['rclone', 'copy', ...bySize, `--exclude=${ENTRY}`, path, target],
    ['rclone', 'copy', '--ignore-times', `--include=${ENTRY}`, path, target],
    ['rclone', 'sync', ...bySize, '--delete-after', path, target],
  ];
}
