import { setTimeout as delay } from 'node:timers/promises';
import { type Account, accountFor } from './account.ts';
import { askTemporal, type TemporalWitness } from './ask-temporal.ts';
import { countRetained } from './count-retained.ts';
import type { Cause, GrowthSample } from './judge-growth.ts';
import { faultAt } from './mirror-state.ts';
import type { MonthEvent } from './month-events.ts';
import { MonthLog } from './month-log.ts';
import { MONTH_STREAMS } from './month-streams.ts';
import { createMonthWorld, type MonthWorld } from './month-world.ts';
import { observeViews } from './observe-views.ts';
import { takeSample } from './take-sample.ts';
import type { MonthScript } from './write-month.ts';

/** A month that was lived through. */
export interface LivedMonth extends Account {
  /** Looks at streams that rekmod had. */
  readonly lookCount: number;
  /** How often a client read a gated repository. */
  readonly viewCount: number;
  /** What a client saw that it must not see. */
  readonly viewViolations: readonly string[];
  /** What a client still saw because a look was not believed, with rekmod's reason. */
  readonly held: readonly string[];
  readonly samples: readonly GrowthSample[];
  /** Fewer than those of the script where time ran out. */
  readonly dayCount: number;
}

/** How a month is lived through. */
export interface MonthOptions {
  /** An empty or missing directory; holds everything. */
  readonly directory: string;
  readonly say: (line: string) => void;
  /** Asked at the end of each day; what was lived until then is accounted for. @default {always} */
  readonly hasTime?: () => boolean;
}

/** A look that does not come within this is a fault of its own. */
const LOOK_TIMEOUT_MS = 60_000;
const IDLE_TIMEOUT_MS = 120_000;
/** Polls at least take so long, also where nobody waits for a look. */
const SHORTEST_POLL_MS = 500;

/** Lives through a scripted month with a whole rekmod, and accounts for all of it. */
export async function liveThrough(
  { events, polls, pollsADay }: MonthScript,
  { directory, say, hasTime = () => true }: MonthOptions,
): Promise<LivedMonth> {
  await using month = await createMonthWorld(directory, events);
  const { world } = month;
  const temporal = askTemporal(world.temporalAddress);
  const log = new MonthLog();
  const views = observeViews({
    events,
    urlOf: (name) => `${world.serverUrl}/repositories/${name}`,
    findSaid: (stream, ...texts) => log.find(stream, ...texts),
  });
  const samples: GrowthSample[] = [];
  const life: Life = { month, temporal, events, log };
  let lived = 0;
  for (let poll = 0; poll < polls; poll++) {
    const now = events.filter(({ atPoll }) => atPoll === poll);
    for (const event of now) say(`poll ${poll}: ${describeEvent(event)}`);
    if (now.some(({ kind }) => kind === 'source')) await waitUntilIdle(life);
    for (const upstream of month.upstreams.values()) await upstream.turnTo(poll);
    if (poll === 0) await world.up();
    await playEvents(now, life);
    await waitForLooks(poll, life);
    await views.look(poll);
    log.add(await world.status());
    lived = poll + 1;
    if (lived % pollsADay !== 0) continue;
    await waitUntilIdle(life);
    samples.push(await takeSample(lived / pollsADay, month, await countCauses(poll, life)));
    say(`day ${lived / pollsADay} is over`);
    if (!hasTime()) break;
  }
  await waitUntilIdle(life);
  await views.look(lived - 1);
  log.add(await world.status());
  const rebuilds = await temporal.listRebuilds();
  return {
    ...accountFor({
      ...{ events: events.filter(({ atPoll }) => atPoll < lived), polls: lived },
      ...{ log, rebuilds },
    }),
    dayCount: samples.length,
    lookCount: await temporal.countLooks(),
    viewCount: views.seenCount,
    viewViolations: views.violations,
    held: views.held,
    samples,
  };
}

interface Life {
  readonly month: MonthWorld;
  readonly temporal: TemporalWitness;
  readonly events: readonly MonthEvent[];
  readonly log: MonthLog;
}

async function playEvents(now: readonly MonthEvent[], { month }: Life): Promise<void> {
  for (const event of now) {
    if (event.kind === 'source') await renewSource(event, month);
    if (event.kind !== 'restart') continue;
    await month.world.end(event.signal);
    await month.world.up();
  }
}

/** Puts a source in place and waits until it was seen: nobody knows otherwise which kernels it is for. */
async function renewSource(
  { kmod, version }: { readonly kmod: string; readonly version: number },
  month: MonthWorld,
): Promise<void> {
  const before = await month.readSourceDigest(kmod);
  await month.releaseSource(kmod, version);
  const deadline = Date.now() + LOOK_TIMEOUT_MS;
  while ((await month.readSourceDigest(kmod)) === before) {
    if (Date.now() > deadline) throw new Error(`source ${version} of ${kmod} was not seen`);
    await delay(100);
  }
}

/** Waits until every stream whose mirror answers was looked at, and a moment for the others. */
async function waitForLooks(poll: number, { month, events, log }: Life): Promise<void> {
  const since = new Date().toISOString();
  const deadline = Date.now() + LOOK_TIMEOUT_MS;
  const waitsFor = MONTH_STREAMS.map(({ name }) => name).filter(
    (name) => faultAt(events, name, poll) === undefined,
  );
  await delay(SHORTEST_POLL_MS);
  for (;;) {
    const looks = await Promise.all(
      MONTH_STREAMS.map(async ({ name }) => ({ name, look: await month.readLook(name) })),
    );
    for (const { name, look } of looks) if (look) log.hear(name, look.message);
    const late = looks.filter(
      ({ name, look }) => waitsFor.includes(name) && (look?.lookedAt ?? '') < since,
    );
    if (late.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`poll ${poll}: ${late.map(({ name }) => name).join(', ')} not looked at`);
    }
    await delay(50);
  }
}

async function countCauses(
  poll: number,
  { temporal, log, events }: Life,
): Promise<Readonly<Record<Cause, number>>> {
  const [build, look] = [await temporal.countRebuilds(), await temporal.countLooks()];
  return { kernel: log.kernelCount, build, look, retained: countRetained(events, poll) };
}

/** Waits until nothing is rolled out or built, twice in a row: what ends may start something. */
async function waitUntilIdle({ temporal, month }: Life): Promise<void> {
  const deadline = Date.now() + IDLE_TIMEOUT_MS;
  for (let idle = 0; idle < 2; ) {
    idle = (await temporal.countRunning()) === 0 ? idle + 1 : 0;
    if (Date.now() > deadline) throw new Error(`rekmod does not come to rest: ${month.world.home}`);
    await delay(400);
  }
}

function describeEvent(event: MonthEvent): string {
  const { atPoll: _, scene, ...rest } = event;
  return `${scene}: ${JSON.stringify(rest)}`;
}
