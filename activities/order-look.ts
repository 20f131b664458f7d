import type { Kernel, KernelOffer } from '../model/kernel.ts';
import type { Settings, Stream } from '../model/settings.ts';
import { orderKernels, type WaitingKernel } from '../plan/order-kernels.ts';
import { nameOffer } from '../plan/order-work.ts';
import type { DataDirectory } from './data-directory.ts';
import type { DueKernel } from './find-due-kernels.ts';
import {
  readKnownSeverities,
  readSeverities,
  type SeverityLookup,
} from './gate/kernel-severities.ts';

/** What a look found to be done. */
export interface LookWork {
  readonly newKernels: readonly KernelOffer[];
  readonly unfinished: readonly Pick<Kernel, 'release'>[];
  readonly due: readonly DueKernel[];
}

export interface OrderContext {
  readonly settings: Settings;
  readonly data: DataDirectory;
  /** The kernels of the stream that are in the store. */
  readonly known: readonly Kernel[];
  readonly signal: AbortSignal;
}

/**
 * Orders what a look found by urgency; see {@link orderKernels}.
 *
 * @returns Names: releases, and those of {@link nameOffer}.
 */
export async function orderLook(
  stream: Stream,
  work: LookWork,
  context: OrderContext,
): Promise<readonly string[]> {
  const { settings, known, signal } = context;
  const required = new Set(
    settings.kmods
      .filter(({ streams, required }) => required && streams.includes(stream.name))
      .map(({ name }) => name),
  );
  const storedOf = (release: string, kmods?: readonly string[]): readonly WaitingKernel[] =>
    known
      .filter((kernel) => kernel.release === release)
      .map(({ flavour, evr }) => {
        const hasRequired = kmods ? kmods.some((kmod) => required.has(kmod)) : required.size > 0;
        return { name: release, flavour, evr, hasRequired };
      });
  const waiting = [
    ...work.newKernels.map(({ flavour, evr }): WaitingKernel => {
      return { name: nameOffer({ flavour, evr }), flavour, evr, hasRequired: required.size > 0 };
    }),
    ...work.unfinished.flatMap(({ release }) => storedOf(release)),
    ...work.due.flatMap(({ release, kmods }) => storedOf(release, kmods)),
  ];
  // What waits alone needs no order, and no advisory is read for it.
  if (waiting.length < 2) return waiting.map(({ name }) => name);
  const severityOf = await findSeverities(stream, work, context);
  const judged = waiting.map((kernel): WaitingKernel => {
    const severity = severityOf(kernel);
    return severity === undefined ? kernel : { ...kernel, severity };
  });
  signal.throwIfAborted();
  return orderKernels(judged, known).map(({ name }) => name);
}

/** An order is no reason to fail: without advisories the newest kernel is simply the first. */
async function findSeverities(
  stream: Stream,
  { newKernels }: LookWork,
  { data, signal }: OrderContext,
): Promise<SeverityLookup> {
  try {
    // An unchanged mirror has no other advisories than before.
    if (newKernels.length === 0) return await readKnownSeverities(stream, data);
    return await readSeverities(stream, { data, signal });
  } catch {
    signal.throwIfAborted();
    return () => undefined;
  }
}
