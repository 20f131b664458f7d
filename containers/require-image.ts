import { ImageMissingError } from '../model/engine-errors.ts';
import type { ContainerTarget } from '../model/settings.ts';
import type { RunControl } from './backend.ts';
import type { ContainerEngine, EngineImage } from './engine.ts';

/**
 * Finds a target's image; one that is missing and whose name tells its registry is pulled, once.
 *
 * @throws {ImageMissingError} If neither the engine nor the registry has it.
 * @throws {RegistryUnreachableError} If the registry cannot be asked.
 */
export async function requireImage(
  engine: ContainerEngine,
  target: ContainerTarget,
  { onLog, signal }: RunControl,
): Promise<EngineImage> {
  const { image: reference } = target;
  const found = await engine.findImage(reference);
  if (found !== undefined) return found;
  const command = `${engine.info.kind} pull ${reference}`;
  if (!hasRegistry(reference)) throw new ImageMissingError(reference, target.name, command);
  onLog(Buffer.from(`rekmod: pulling the image "${reference}"\n`));
  const pull = await engine.pull(reference, { signal });
  if (pull.kind === 'refused') {
    const cause = new Error(pull.reason);
    throw new ImageMissingError(reference, target.name, command, { cause });
  }
  const pulled = await engine.findImage(reference);
  if (pulled === undefined) throw new ImageMissingError(reference, target.name, command);
  return pulled;
}

/**
 * Whether a name begins with a registry's host, e.g. `quay.io/centos/centos:stream9`. Others, as
 * `rekmod-lab/builder` and `fedora:44`, are of this machine: an engine would ask docker.io for them,
 * where anybody may have taken the name.
 */
export function hasRegistry(reference: string): boolean {
  return /^(localhost|[^/]*[.:][^/]*)\//u.test(reference);
}
