/** What the machine's clocks say at one moment. */
export interface ClockReading {
  /** Names the boot; how long the machine runs means something within one boot alone. */
  readonly bootId: string;
  /** How long the machine runs, sleep included. */
  readonly uptimeMs: number;
  /** The time of day in milliseconds since 1970, as `Date.now`; anybody may set it. */
  readonly wallMs: number;
}

/** What is remembered of the clocks from one upkeep to the next. */
export interface ClockRecord {
  /** The last reading whose time of day was believed. */
  readonly believed: ClockReading;
  /** A reading at odds with it, and how many in a row have agreed with one another since. */
  readonly doubted?: { readonly reading: ClockReading; readonly count: number };
}
