import { type DealtScene, dealScenes } from './deal-scenes.ts';
import { type MonthEvent, POLLS_A_DAY } from './month-events.ts';
import { MONTH_KMODS, MONTH_STREAMS } from './month-streams.ts';
import { playScene } from './play-scene.ts';
import { type Draws, startDraws } from './random.ts';
import { Vendor } from './vendor.ts';

/** A scripted month. */
export interface MonthScript {
  readonly polls: number;
  /** By time; what is there from the begin is at poll 0. */
  readonly events: readonly MonthEvent[];
}

/** Where in a day scenes begin; the last polls of a day are calm. */
const SLOT_POLLS = [0, 5] as const;
/** Nothing is released around it, so that it is known which kernels a new source is for. */
const SOURCE_POLL = 10;
const RESTART_POLLS = [2, 3, 6, 7] as const;
/** Days between restarts. The second half has none: growth is measured of processes that live. */
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
}: {
  readonly days: number;
  readonly seed: number;
}): MonthScript {
  const draws = startDraws(seed);
  const vendor = new Vendor(draws);
  const begin = MONTH_STREAMS.flatMap((stream) => vendor.begin(stream));
  const scenes = dealScenes(MONTH_STREAMS, { slots: days * SLOT_POLLS.length, draws });
  const events: MonthEvent[] = [
    ...begin.map((event) => ({ ...event, atPoll: 0, scene: 'begin' })),
    ...writeRestarts(days, draws),
  ];
  for (let day = 0; day < days; day++) {
    for (const dealt of scenes.filter(({ slot }) => dayOf(slot) === day)) {
      events.push(...playScene(dealt, { atPoll: pollOf(dealt, draws), vendor, draws }));
    }
    events.push(...writeSources(day, { days, vendor, draws }));
  }
  return { polls: days * POLLS_A_DAY, events: events.sort((a, b) => a.atPoll - b.atPoll) };
}

function dayOf(slot: number): number {
  return Math.floor(slot / SLOT_POLLS.length);
}

/** A scene begins with its slot or a poll later, but not before rekmod has seen the first kernels. */
function pollOf({ slot }: DealtScene, draws: Draws): number {
  const begin = SLOT_POLLS[slot % SLOT_POLLS.length] ?? 0;
  return dayOf(slot) * POLLS_A_DAY + begin + (slot === 0 ? 1 : draws.below(2));
}

function writeRestarts(days: number, draws: Draws): readonly MonthEvent[] {
  const events: MonthEvent[] = [];
  for (let day = 0; day < Math.max(2, days / 2); day += day === 0 ? 1 : RESTART_DAYS) {
    const atPoll = day * POLLS_A_DAY + draws.oneOf(RESTART_POLLS);
    const signal = events.length % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
    events.push({ kind: 'restart', signal, atPoll, scene: 'restart' });
  }
  return events;
}

/** Mends what kernels broke some days ago, or renews a kmod that nothing is wrong with. */
function writeSources(
  day: number,
  {
    days,
    vendor,
    draws,
  }: { readonly days: number; readonly vendor: Vendor; readonly draws: Draws },
): readonly MonthEvent[] {
  const at = { atPoll: day * POLLS_A_DAY + SOURCE_POLL };
  const broken = vendor.listBroken();
  const [kmod] = broken;
  if (kmod !== undefined) {
    const isDue = vendor.brokenForDays(kmod, day) >= MEND_DAYS || day === days - 1;
    if (!isDue && !draws.happens(0.5)) return [];
    return [{ ...vendor.mend(kmod), ...at, scene: 'mended' }];
  }
  if (!draws.happens(REFRESH_SHARE)) return [];
  return [{ ...vendor.renew(draws.oneOf(MONTH_KMODS).name), ...at, scene: 'renewed' }];
}
