import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A kernel of the lab, as `kernels.json` describes it. */
export interface LabKernel {
  readonly role: 'first' | 'changed' | 'same';
  readonly release: string;
  readonly repackaged: boolean;
  /** Paths of kernel-devel and kernel-core. */
  readonly rpms: readonly string[];
  /** Path of its `Module.symvers`. */
  readonly symvers: string;
  readonly deltaToPrevious: {
    readonly lost: number;
    readonly added: number;
    readonly changed: number;
  };
}

/** A kmod of the lab, as `kmods.json` describes it. */
export interface LabKmod {
  readonly name: string;
  readonly spec: string;
  readonly sourceDirectory: string;
  readonly kind: 'single' | 'family' | 'large' | 'quick';
  /** The package that its sources come from, e.g. `jool-dkms`; absent if a test made it. */
  readonly debianPackage?: string;
  /** Of its sources; absent if a test made it. */
  readonly upstreamVersion?: string;
}

/** What `lab/make-lab.sh` made. */
export interface Lab {
  readonly image: string;
  readonly kernels: readonly LabKernel[];
  readonly kmods: readonly LabKmod[];
  /** The vendor's public key. */
  readonly upstreamKey: string;
}

/** Where set-up caches what it made. */
export function cacheDirectory(): string {
  const { REKMOD_CACHE, XDG_CACHE_HOME } = process.env;
  return REKMOD_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rekmod');
}

/** Reads what the lab's scripts made; undefined when it was not made yet. */
export async function readLab(): Promise<Lab | undefined> {
  const directory = join(cacheDirectory(), 'lab');
  const read = async (name: string): Promise<string> => readFile(join(directory, name), 'utf8');
  try {
    const { image }: { image: string } = JSON.parse(await read('builder-image.json'));
    const kernels: readonly LabKernel[] = JSON.parse(await read('kernels.json'));
    const kmods: readonly LabKmod[] = JSON.parse(await read('kmods.json'));
    const upstreamKey = join(directory, 'upstream', 'RPM-GPG-KEY-rekmod-lab-upstream');
    return { image, kernels, kmods, upstreamKey };
  } catch {
    return undefined;
  }
}
