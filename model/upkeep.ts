/** What one upkeep of a part found and removed. */
export interface UpkeepPart {
  /** What it is about, e.g. `store`. */
  readonly part: UpkeepSubject;
  /** How many of what was removed, in words of an operator, e.g. `3 containers of ended runs`. */
  readonly removed: readonly UpkeepRemoval[];
  /** What could not be done, in sentences. */
  readonly problems: readonly string[];
}

/** The parts of the upkeep, in their order. */
export const UPKEEP_SUBJECTS = ['records', 'store', 'builders', 'signer'] as const;
export type UpkeepSubject = (typeof UPKEEP_SUBJECTS)[number];

/** Things of one kind that went, or that would go. */
export interface UpkeepRemoval {
  /** E.g. `files that nothing refers to`. */
  readonly what: string;
  readonly count: number;
  /** What the file system gets back; absent where nobody says. */
  readonly freedBytes?: number;
  /** The first few, by name. */
  readonly names: readonly string[];
}

/** How an upkeep went. */
export interface UpkeepReport {
  /** ISO 8601 in UTC. */
  readonly endedAt: string;
  /** Nothing was removed; it tells what would have been. */
  readonly isDryRun: boolean;
  readonly parts: readonly UpkeepPart[];
}
