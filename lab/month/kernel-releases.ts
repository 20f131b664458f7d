import type { KnownKernel } from './expected-builds.ts';
import { evrOf, type MonthEvent } from './month-events.ts';
import { MONTH_STREAMS } from './month-streams.ts';

/** `uname -r` of a kernel, e.g. `5.14.0-601.el9.x86_64`, `6.4.0-150600.24.1-azure`. */
export function releaseOf({ kernel, flavour }: KnownKernel): string {
  const evr = evrOf(kernel);
  return isOnlyFlavour(kernel.stream) ? `${evr}.x86_64` : `${evr}-${flavour}`;
}

/** The names of a kernel's packages, without EVR. */
export function packageNamesOf({ kernel, flavour }: KnownKernel): {
  readonly core: string;
  readonly devel: string;
} {
  const stream = MONTH_STREAMS.find(({ name }) => name === kernel.stream);
  if (!stream) throw new Error(`BUG: there is no stream ${kernel.stream}`);
  const name = (pattern: string): string => pattern.replace('{flavour}', flavour);
  return { core: name(stream.core), devel: name(stream.devel) };
}

/** All kernels of a script in all their flavours, by stream and `uname -r`, e.g. `el 5.14.0-601.el9.x86_64`. */
export function indexKernels(events: readonly MonthEvent[]): ReadonlyMap<string, KnownKernel> {
  const kernels = events.flatMap((event) => (event.kind === 'release' ? [event.kernel] : []));
  return new Map(
    kernels.flatMap((kernel) =>
      flavoursOf(kernel.stream).map((flavour) => {
        const known = { kernel, flavour };
        return [`${kernel.stream} ${releaseOf(known)}`, known] as const;
      }),
    ),
  );
}

/** The flavours of a stream. */
export function flavoursOf(stream: string): readonly string[] {
  return MONTH_STREAMS.find(({ name }) => name === stream)?.flavours ?? [];
}

function isOnlyFlavour(stream: string): boolean {
  return flavoursOf(stream).length === 1;
}
