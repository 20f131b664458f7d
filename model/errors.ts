/**
 * Base of every error that rekmod throws on purpose.
 *
 * The class name is the code (it becomes Temporal's failure type); the data is in the fields; the
 * message reads `Cannot <action> "<thing>": expected X, found Y`.
 */
export abstract class RekmodError extends Error {
  /** The failure class of design.md: decides whether and how the same call is tried again. */
  abstract readonly failureClass: FailureClass;

  override get name(): string {
    return this.constructor.name;
  }
}

/**
 * What is done about a failure.
 *
 * - `transient`: the same call may succeed later (mirror 503, engine restarting, disk full).
 * - `configuration`: a person must change something (unknown key, missing image, bad key).
 * - `outcome`: the work ended and the answer is no (what came from outside is wrong and stays so).
 */
export type FailureClass = 'transient' | 'configuration' | 'outcome';
