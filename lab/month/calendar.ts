/** How a simulated day goes, in polls. */
export interface Calendar {
  readonly pollsADay: number;
  /** Where scenes begin; the last polls of a day are calm. */
  readonly slots: readonly number[];
  /** Nothing is released around it, so that it is known which kernels a new source is for. */
  readonly source: number;
  /** Where rekmod may be restarted. */
  readonly restarts: readonly number[];
}

/** Two scenes a day, a poll every two hours. */
const FULL: Calendar = { pollsADay: 12, slots: [0, 5], source: 10, restarts: [2, 3, 6, 7] };
/** One scene a day, a poll every four hours: half as long. */
const SHORT: Calendar = { pollsADay: 6, slots: [0], source: 5, restarts: [2, 3] };

/** Finds the calendar with so many polls a day: 12 or 6. @throws {Error} If there is none. */
export function findCalendar(pollsADay: number): Calendar {
  const found = [FULL, SHORT].find((one) => one.pollsADay === pollsADay);
  if (!found)
    throw new Error(`Cannot write a month: expected 12 or 6 polls a day, found ${pollsADay}`);
  return found;
}
