import { userInfo } from 'node:os';
import { requireNamed } from '../activities/require-named.ts';
import { NotFoundError } from '../model/activity-errors.ts';
import { chooseKernels } from './choose-kernels.ts';
import type { CommandContext } from './context.ts';

/** Who decides something, and why: on every command that changes a gate. */
export interface SignedOptions {
  readonly why: string;
  readonly by?: string;
  readonly stream?: string;
  readonly json?: boolean;
}

/** Who and why, as a gate takes it; the user's name when nobody is named. */
export function signed({ why, by }: SignedOptions): { readonly why: string; readonly by: string } {
  const { SUDO_USER } = process.env;
  return { why, by: by ?? SUDO_USER ?? userInfo().username };
}

/**
 * The streams that a command about gates is about.
 *
 * @throws {NotFoundError} If the named one has no gate, or none has.
 */
export function chooseGates(
  { settings }: Pick<CommandContext, 'settings'>,
  name: string | undefined,
): readonly string[] {
  if (name !== undefined) {
    const { gate } = requireNamed(settings.streams, 'show the gate of', 'stream', name);
    if (gate) return [name];
    throw new NotFoundError('use the gate of', name, 'expected a "gate:" in its configuration');
  }
  const gated = settings.streams.filter(({ gate }) => gate !== undefined);
  if (gated.length > 0) return gated.map((stream) => stream.name);
  throw new NotFoundError('use a gate of', 'streams', 'expected one with "gate:", found none');
}

/**
 * Finds the one gated stream that has a kernel.
 *
 * @throws {NotFoundError} If none has, or several have and none is named.
 */
export async function findGateOf(
  context: CommandContext,
  release: string,
  stream: string | undefined,
): Promise<string> {
  const kernels = await chooseKernels({ kernel: release }, chooseGates(context, stream), context);
  const [kernel, ...others] = kernels;
  if (!kernel) throw new Error('BUG: no kernel was chosen');
  if (others.length === 0) return kernel.stream;
  const names = kernels.map((one) => one.stream).join(', ');
  const detail = `expected one stream that has it, found ${names}; name one with --stream`;
  throw new NotFoundError('choose kernel', release, detail);
}
