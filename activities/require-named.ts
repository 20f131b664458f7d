import { distance } from 'fastest-levenshtein';
import { NotFoundError } from '../model/activity-errors.ts';

const SHOWN_NAMES = 8;
/** Longer text is no slip of the pen, and measuring it would take its time. */
const MAX_COMPARED_LENGTH = 64;

/**
 * Finds a configured thing by its name.
 *
 * @throws {NotFoundError} If there is none; names those that exist, what was probably meant first.
 */
export function requireNamed<T extends { readonly name: string }>(
  things: readonly T[],
  action: string,
  kind: string,
  name: string,
): T {
  const thing = things.find((candidate) => candidate.name === name);
  if (thing) return thing;
  const known = sortByLikeness(
    name,
    things.map((candidate) => candidate.name),
  );
  const more = known.length > SHOWN_NAMES ? ', …' : '';
  const listed = known.length === 0 ? 'none' : `${known.slice(0, SHOWN_NAMES).join(', ')}${more}`;
  throw new NotFoundError(action, name, `expected a configured ${kind} (${listed}), found no such`);
}

function sortByLikeness(word: string, known: readonly string[]): readonly string[] {
  const near = word.slice(0, MAX_COMPARED_LENGTH).toLowerCase();
  const measured = known.map((name) => ({ name, steps: distance(near, name.toLowerCase()) }));
  return measured.sort((a, b) => a.steps - b.steps).map(({ name }) => name);
}
