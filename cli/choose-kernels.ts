import type { Records } from '../activities/records.ts';
import { requireNamed } from '../activities/require-named.ts';
import { NotFoundError } from '../model/activity-errors.ts';
import type { Kernel } from '../model/kernel.ts';
import type { Settings } from '../model/settings.ts';
import { newestKernels } from '../rpm/newest-kernels.ts';

/** Which kernels a command is about. */
export interface KernelChoice {
  /** `uname -r`. */
  readonly kernel?: string;
  readonly stream?: string;
  /** All that are kept built, not only the newest. */
  readonly all?: boolean;
}

/**
 * Chooses among the known kernels of some streams: the named one, all that are kept built, or the
 * newest of each stream and flavour.
 *
 * @throws {NotFoundError} If the stream is not configured or no kernel fits.
 */
export async function chooseKernels(
  choice: KernelChoice,
  streams: readonly string[],
  { settings, records }: { readonly settings: Settings; readonly records: Records },
): Promise<readonly Kernel[]> {
  const wanted = choice.stream === undefined ? streams : [choice.stream];
  const chosen: Kernel[] = [];
  const known: string[] = [];
  for (const name of wanted) {
    const stream = requireNamed(settings.streams, 'choose kernels of', 'stream', name);
    const kernels = await records.listKernels(name);
    known.push(...kernels.map(({ release }) => release));
    const kept = newestKernels(kernels, choice.all ? stream.keepKernels : 1);
    chosen.push(
      ...(choice.kernel === undefined
        ? kept
        : kernels.filter(({ release }) => release === choice.kernel)),
    );
  }
  if (chosen.length > 0) return chosen;
  const detail =
    known.length === 0
      ? `no kernel of ${wanted.join(', ')} is known yet; "rekmod up" looks for them`
      : `expected one of ${known.join(', ')}`;
  throw new NotFoundError('choose kernel', choice.kernel ?? wanted.join(', '), detail);
}
