/** One part that rekmod needs, and what to do when it is not there. */
export interface Check {
  readonly name: string;
  readonly isGood: boolean;
  /** What was found. */
  readonly found: string;
  /** The exact command, or what to change; absent when nothing is missing. */
  readonly remedy?: string;
}
