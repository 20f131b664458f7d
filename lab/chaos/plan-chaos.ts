import { openRandom, type Random } from './random.ts';

/** Everything that is done to a running rekmod; those that are twice in it are dealt twice as often. */
export const FAULT_KINDS = [
  'kill-worker',
  'kill-signer',
  'kill-temporal',
  'restart-temporal',
  'cut-temporal',
  'power-cut',
  'freeze-worker',
  'restart-engine',
  'kill-engine',
  'mirror-cut',
  'mirror-unavailable',
  'mirror-truncated',
  'mirror-tampered',
  'mirror-slow',
  'disk-full',
  'inodes-full',
  'slow-disk',
] as const;

/** See {@link FAULT_KINDS}. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What rekmod is doing when a fault strikes; `any` waits for nothing. */
export const MOMENTS = ['any', 'starting', 'working', 'signing', 'publishing', 'storing'] as const;

/** See {@link MOMENTS}. */
export type Moment = (typeof MOMENTS)[number];

/** One fault of a plan. */
export interface PlannedFault {
  readonly kind: FaultKind;
  readonly moment: Moment;
  /** How long it lasts, where it lasts. */
  readonly holdMs: number;
}

/** What a vendor or a developer does, or a fault; after a pause. */
export type ChaosStep = { readonly afterMs: number } & (
  | { readonly kind: 'fault'; readonly fault: PlannedFault }
  /** The vendor releases the next kernel. */
  | { readonly kind: 'release'; readonly kernel: number }
  /** The source of a kmod becomes another one. */
  | { readonly kind: 'change'; readonly version: string }
);

/** What a plan is made for. */
export interface ChaosPlanOptions {
  readonly seed: number;
  readonly faultCount: number;
  /** How many kernels are released after the first. */
  readonly kernelCount: number;
  readonly changeCount: number;
  /** What can be done on this machine. */
  readonly kinds: readonly FaultKind[];
}

/**
 * Plans a run: the same options give the same plan. Each kind of fault comes before any comes twice, the events are
 * spread over the first two thirds.
 */
export function planChaos(options: ChaosPlanOptions): readonly ChaosStep[] {
  const random = openRandom(options.seed);
  const faults = dealFaults(random, options.kinds, options.faultCount);
  const steps: ChaosStep[] = faults.map((fault) => ({
    kind: 'fault',
    afterMs: random.integer(300, 3500),
    fault,
  }));
  const events: ChaosStep[] = [
    ...Array.from({ length: options.kernelCount }, (_, index) => ({
      ...{ kind: 'release' as const, kernel: index + 1, afterMs: random.integer(0, 1500) },
    })),
    ...Array.from({ length: options.changeCount }, (_, index) => ({
      ...{ kind: 'change' as const, version: `1.${index + 1}`, afterMs: random.integer(0, 1500) },
    })),
  ];
  const spacing = Math.max(1, Math.floor((steps.length * 2) / 3 / Math.max(1, events.length)));
  // Kernels come in their order, changes between them.
  const order = interleave(random, events);
  for (const [index, event] of order.entries()) steps.splice(1 + index * (spacing + 1), 0, event);
  return steps;
}

/** Deals more of the kinds of a plan, for those that struck nothing. */
export function dealFaults(
  random: Random,
  kinds: readonly FaultKind[],
  count: number,
): readonly PlannedFault[] {
  const deck: FaultKind[] = [];
  while (deck.length < count) deck.push(...random.shuffle(kinds));
  return deck.slice(0, count).map((kind) => ({
    kind,
    moment: random.pick(MOMENTS),
    // A worker that is silent for longer than its heartbeats may be is given up.
    holdMs: kind === 'freeze-worker' ? random.integer(1000, 22_000) : random.integer(800, 6000),
  }));
}

function interleave(random: Random, events: readonly ChaosStep[]): readonly ChaosStep[] {
  const kernels = events.filter(({ kind }) => kind === 'release');
  const changes = events.filter(({ kind }) => kind === 'change');
  for (const change of changes) kernels.splice(random.integer(1, kernels.length), 0, change);
  // Versions in their order, wherever they fell.
  const versions = changes.values();
  return kernels.map((event) => (event.kind === 'change' ? versions.next().value : event) ?? event);
}
