import type { MonthStream } from './month-streams.ts';
import type { Draws } from './random.ts';
import { listScenes, type Scene } from './scenes.ts';

/** A scene and where it begins. */
export interface DealtScene {
  readonly stream: string;
  readonly scene: Scene;
  /** Counted from 0: two in a day. */
  readonly slot: number;
}

/** How many of the slots that no scene must have get one all the same. */
const FILLED_SHARE = 0.3;

/**
 * Deals scenes to streams and slots: each scene is played at least once by some stream that can, then
 * every stream plays its own in an order of its own, with quiet slots between.
 *
 * @throws {Error} If there are too few slots for all scenes.
 */
export function dealScenes(
  streams: readonly MonthStream[],
  { slots, draws }: { readonly slots: number; readonly draws: Draws },
): readonly DealtScene[] {
  const first = dealFirst(streams, draws);
  return streams.flatMap((stream) => {
    const begun = first.get(stream.name) ?? [];
    if (begun.length > slots) {
      throw new Error(`Cannot play every scene: expected ${begun.length} slots, found ${slots}`);
    }
    return fillSlots(stream, { begun, slots, draws });
  });
}

/** Deals each scene once, to the stream that has the fewest of those that can play it. */
function dealFirst(
  streams: readonly MonthStream[],
  draws: Draws,
): ReadonlyMap<string, readonly Scene[]> {
  const hands = new Map<string, Scene[]>(streams.map(({ name }) => [name, []]));
  const scenes = [...new Set(streams.flatMap(listScenes))];
  const players = (scene: Scene): readonly MonthStream[] =>
    streams.filter((stream) => listScenes(stream).includes(scene));
  // Those that few can play go first, so that the hands come out even.
  const ordered = [...draws.shuffle(scenes)].sort((a, b) => players(a).length - players(b).length);
  for (const scene of ordered) {
    const hand = players(scene)
      .flatMap(({ name }) => {
        const found = hands.get(name);
        return found ? [found] : [];
      })
      .sort((a, b) => a.length - b.length)[0];
    hand?.push(scene);
  }
  return new Map([...hands].map(([name, hand]) => [name, draws.shuffle(hand)]));
}

function fillSlots(
  stream: MonthStream,
  {
    begun,
    slots,
    draws,
  }: { readonly begun: readonly Scene[]; readonly slots: number; readonly draws: Draws },
): readonly DealtScene[] {
  let deck = [...begun];
  let owed = begun.length;
  const dealt: DealtScene[] = [];
  for (let slot = 0; slot < slots; slot++) {
    const isOwed = owed >= slots - slot;
    if (!isOwed && !draws.happens(FILLED_SHARE)) continue;
    if (deck.length === 0) deck = [...draws.shuffle(listScenes(stream))];
    const scene = deck.shift();
    if (scene === undefined) continue;
    owed -= 1;
    dealt.push({ stream: stream.name, scene, slot });
  }
  return dealt;
}
