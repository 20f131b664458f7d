import { chooseKernels } from '../corpus/kernels.ts';
import type { Lab } from '../read-lab.ts';
import { listKernels } from '../truth/kernels.ts';

/** The kernels of the story, `uname -r`. */
export interface StoryKernels {
  readonly first: string;
  /** The next of its series, as a vendor's security update. */
  readonly next: string;
  /** The newest of another series. */
  readonly last: string;
}

const KERNELS_OF_SERIES = 6;

/** Chooses real kernels of the archive: its two oldest, and the newest one. */
export async function chooseStoryKernels(lab: Lab): Promise<StoryKernels> {
  const [first = '', next = ''] = await listKernels(KERNELS_OF_SERIES);
  const last = (await chooseKernels(lab)).at(-1) ?? '';
  return { first, next, last };
}
