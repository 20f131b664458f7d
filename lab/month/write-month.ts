import { type Calendar, findCalendar } from './calendar.ts';
import { type DealtScene, dealScenes } from './deal-scenes.ts';
import type { MonthEvent } from './month-events.ts';
import { MONTH_KMODS, MONTH_STREAMS } from './month-streams.ts';
import { playScene } from './play-scene.ts';
import { type Draws, startDraws } from './random.ts';
import { Vendor } from './vendor.ts';

/** A scripted month. */
export interface MonthScript {
  readonly polls: number;
  readonly pollsADay: number;
  /** By time; what is there from the begin is at poll 0. */
  readonly events: readonly MonthEvent[];
}

/** Days between restarts. Only the first third has any: growth is measured of processes whose caches have filled. */
const RESTART_DAYS = 4;
/** A broken kmod is mended so many days later at most. */
const MEND_DAYS = 2;
const REFRESH_SHARE = 0.15;

/**
 * Writes what happens in so many days: a pure function of its seed.
 *
 * @throws {Error} If there are too few days for every kind of scene.
 */
export function writeMonth({
  days,
  seed,
  pollsADay = 12,
}: {
  readonly days: number;
  readonly seed: number;
  /** See {@link findCalendar}. @default {12} */
  readonly pollsADay?: number;
}): MonthScript {
  const calendar = findCalendar(pollsADay);
  const draws = startDraws(seed);
  const vendor = new Vendor(draws);
  const begin = MONTH_STREAMS.flatMap((stream) => vendor.begin(stream));
  const scenes = dealScenes(MONTH_STREAMS, { slots: days * calendar.slots.length, draws });
  const events: MonthEvent[] = [
    ...begin.map((event) => ({ ...event, atPoll: 0, scene: 'begin' })),
    ...writeRestarts(days, calendar, draws),
  ];
  for (let day = 0; day < days; day++) {
    for (const dealt of scenes.filter(({ slot }) => dayOf(slot, calendar) === day)) {
      const atPoll = pollOf(dealt, calendar, draws);
      events.push(...playScene(dealt, { atPoll, day, vendor, draws }));
    }
    const atPoll = day * pollsADay + calendar.source;
    events.push(...writeSources(day, { atPoll, days, vendor, draws }));
  }
  return { polls: days * pollsADay, pollsADay, events: events.sort((a, b) => a.atPoll - b.atPoll) };
}

function dayOf(slot: number, { slots }: Calendar): number {
  return Math.floor(slot / slots.length);
}

/** A scene begins with its slot or a poll later, but not before rekmod has seen the first kernels. */
function pollOf({ slot }: DealtScene, calendar: Calendar, draws: Draws): number {
  const { slots, pollsADay } = calendar;
  const begin = slots[slot % slots.length] ?? 0;
  return dayOf(slot, calendar) * pollsADay + begin + (slot === 0 ? 1 : draws.below(2));
}

function writeRestarts(
  days: number,
  { pollsADay, restarts }: Calendar,
  draws: Draws,
): readonly MonthEvent[] {
  const events: MonthEvent[] = [];
  for (let day = 0; day < Math.max(2, days / 2); day += day === 0 ? 1 : RESTART_DAYS) {
    const atPoll = day * pollsADay + draws.oneOf(restarts);
    const signal = events.length % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
    if (day < Math.max(2, days / 3))
      events.push({ kind: 'restart', signal, atPoll, scene: 'restart' });
  }
  return events;
}

/** Mends what kernels broke some days ago, or renews a kmod that nothing is wrong with. */
function writeSources(
  day: number,
  {
    atPoll,
    days,
    vendor,
    draws,
  }: {
    readonly atPoll: number;
    readonly days: number;
    readonly vendor: Vendor;
    readonly draws: Draws;
  },
): readonly MonthEvent[] {
  const broken = vendor.listBroken();
  const [kmod] = broken;
  if (kmod !== undefined) {
    const isDue = vendor.brokenForDays(kmod, day) >= MEND_DAYS || day === days - 1;
    if (!isDue && !draws.happens(0.5)) return [];
    return [{ ...vendor.mend(kmod), atPoll, scene: 'mended' }];
  }
  if (!draws.happens(REFRESH_SHARE)) return [];
  return [{ ...vendor.renew(draws.oneOf(MONTH_KMODS).name), atPoll, scene: 'renewed' }];
}
