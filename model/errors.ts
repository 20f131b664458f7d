/**
 * Base of every error that rekmod throws on purpose.
 *
 * The class name is the code (it becomes Temporal's failure type); the data is in the fields; the
 * message reads `Cannot <action> "<thing>": expected X, found Y`.
 */
export abstract class RekmodError extends Error {
  /** The failure class of design.md: decides whether and how the same call is tried again. */
  abstract readonly failureClass: FailureClass;

  /** Of a transient error: what it is that did not work. */
  get trouble(): TroubleKind {
    return 'machine';
  }

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

/**
 * What it is that passing trouble comes from: a mirror, registry or server of sources; the container engine; a file system
 * without room; Temporal; something else of the machine.
 */
export type TroubleKind = 'mirror' | 'engine' | 'disk' | 'temporal' | 'machine';

/** A failure class, passing trouble by where it comes from, and what only a mistake in rekmod itself explains. */
export type FailureKind = Exclude<FailureClass, 'transient'> | TroubleKind | 'bug';
