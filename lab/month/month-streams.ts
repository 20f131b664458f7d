/** A stream of the scripted vendor. */
export interface MonthStream {
  readonly name: string;
  readonly flavours: readonly string[];
  /** Package names, as `family` of the configuration has them. */
  readonly core: string;
  readonly devel: string;
  /** How many of the newest kernels the mirror keeps; all that no clear-out takes when absent. */
  readonly mirrorKeeps?: number;
  /** `keepKernels` of the configuration. */
  readonly keepKernels: number;
  /** Version and release of the first kernels: the number of the next one goes into a `#`. */
  readonly version: string;
  readonly release: string;
  readonly firstNumber: number;
  /** How many kernels there are when everything begins. */
  readonly firstKernels: number;
}

/** A kmod of the month. */
export interface MonthKmod {
  readonly name: string;
  readonly streams: readonly string[];
  readonly isRequired: boolean;
}

/**
 * Three ways in which mirrors are kept: one keeps everything until the next minor release (RHEL's kin), one
 * only the newest (Fedora's updates), one the newest three of two flavours (SUSE).
 */
export const MONTH_STREAMS: readonly MonthStream[] = [
  {
    name: 'el',
    flavours: ['default'],
    core: 'kernel-core',
    devel: 'kernel-devel',
    keepKernels: 4,
    version: '5.14.#',
    release: '#.el9',
    firstNumber: 601,
    firstKernels: 4,
  },
  {
    name: 'fc',
    flavours: ['default'],
    core: 'kernel-core',
    devel: 'kernel-devel',
    mirrorKeeps: 1,
    keepKernels: 2,
    version: '6.17.#',
    release: '#.fc44',
    firstNumber: 200,
    firstKernels: 1,
  },
  {
    name: 'leap',
    flavours: ['default', 'azure'],
    core: 'kernel-{flavour}',
    devel: 'kernel-{flavour}-devel',
    mirrorKeeps: 3,
    keepKernels: 2,
    version: '6.4.#',
    release: '150600.#.1',
    firstNumber: 23,
    firstKernels: 3,
  },
];

/** `beta` is the one that kernels break. */
export const MONTH_KMODS: readonly MonthKmod[] = [
  { name: 'alpha', streams: ['el', 'fc', 'leap'], isRequired: true },
  { name: 'beta', streams: ['el', 'fc'], isRequired: true },
  { name: 'gamma', streams: ['el', 'leap'], isRequired: false },
];
