import { NotFoundError } from '../model/activity-errors.ts';

/**
 * Finds a configured thing by its name.
 *
 * @throws {NotFoundError} If there is none; names those that exist.
 */
export function requireNamed<T extends { readonly name: string }>(
  things: readonly T[],
  action: string,
  kind: string,
  name: string,
): T {
  const thing = things.find((candidate) => candidate.name === name);
  if (thing) return thing;
  const known = things.map((candidate) => candidate.name).join(', ') || 'none';
  throw new NotFoundError(action, name, `expected a configured ${kind} (${known}), found no such`);
}
