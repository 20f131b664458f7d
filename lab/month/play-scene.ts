import type { DealtScene } from './deal-scenes.ts';
import {
  type Disturbance,
  evrOf,
  type Happening,
  type MonthEvent,
  type ScriptedKernel,
} from './month-events.ts';
import { MONTH_STREAMS, type MonthStream } from './month-streams.ts';
import type { Draws } from './random.ts';
import { isMidSync, isOutage, type Scene } from './scenes.ts';
import { type KernelChange, kmodsOf, type Vendor } from './vendor.ts';

/** Where a scene is played, and by whom. */
export interface Stage {
  readonly atPoll: number;
  readonly day: number;
  readonly vendor: Vendor;
  readonly draws: Draws;
}

const BREAKABLE = 'beta';
const SEVERITIES = ['critical', 'important', 'moderate', 'low'] as const;

/** Plays one scene: what happens in it, poll by poll. */
export function playScene(
  { stream: name, scene }: DealtScene,
  stage: Stage,
): readonly MonthEvent[] {
  const stream = MONTH_STREAMS.find((one) => one.name === name);
  if (!stream) throw new Error(`BUG: there is no stream ${name}`);
  return play(scene, stream, stage).map(([after, happening]) => ({
    ...happening,
    atPoll: stage.atPoll + after,
    scene,
  }));
}

/** A happening and after how many polls of its scene. */
type Act = readonly [after: number, happening: Happening];

function play(scene: Scene, stream: MonthStream, stage: Stage): readonly Act[] {
  if (isMidSync(scene)) return playMidSync(scene, stream, stage);
  if (isOutage(scene)) return [[0, disturb(stream, scene, 3)]];
  switch (scene) {
    case 'same-kabi':
      return [[0, release(make(stream, stage, { changes: [] }))]];
    case 'changed-kabi':
      return [[0, release(makeChanged(stream, stage))]];
    case 'breaking':
      return [[0, release(makeBreaking(stream, stage))]];
    case 'advisory': {
      const severity = stage.draws.oneOf(SEVERITIES);
      return [[0, release(make(stream, stage, { severity }))]];
    }
    case 'late-devel':
      return [[0, release(make(stream, stage), 2 + stage.draws.below(2))]];
    case 'recalled-and-restored':
    case 'recalled-and-replaced':
      return playRecall(scene, stream, stage);
    case 'burst':
      return playBurst(stream, stage);
    case 'point-release':
      return playPointRelease(stream, stage);
    default:
      return [[0, disturb(stream, scene, 2)]];
  }
}

/** The newest kernel is seen, withdrawn, and comes back or is replaced by another one. */
function playRecall(scene: Scene, stream: MonthStream, stage: Stage): readonly Act[] {
  const kernel = makeChanged(stream, stage);
  const key = { stream: stream.name, evr: evrOf(kernel) };
  const end: Happening =
    scene === 'recalled-and-restored'
      ? { kind: 'restore', ...key }
      : release(make(stream, stage, { changes: [] }));
  return [
    [0, release(kernel)],
    [2, { kind: 'recall', ...key }],
    [3, end],
  ];
}

/** A mirror that is down, and many kernels when it is back. */
function playBurst(stream: MonthStream, stage: Stage): readonly Act[] {
  const count = 3 + stage.draws.below(2);
  const kernels = Array.from({ length: count }, () => make(stream, stage));
  return [
    [0, disturb(stream, 'unavailable', 3)],
    // In their order: a vendor does not release an older one after a newer one.
    ...kernels.map((kernel, index): Act => [Math.floor((index * 3) / count), release(kernel)]),
  ];
}

function playPointRelease(stream: MonthStream, stage: Stage): readonly Act[] {
  const kernel = make(stream, stage, { isPointRelease: true, changes: kmodsOf(stream.name) });
  const { version } = kernel;
  return [
    [0, release(kernel)],
    [3, { kind: 'clear-out', stream: stream.name, version }],
  ];
}

function playMidSync(how: Disturbance, stream: MonthStream, stage: Stage): readonly Act[] {
  return [
    [0, release(make(stream, stage))],
    [0, disturb(stream, how, 2)],
  ];
}

function make(
  stream: MonthStream,
  { vendor, draws }: Stage,
  change: KernelChange = {},
): ScriptedKernel {
  const changes = kmodsOf(stream.name).filter(() => draws.happens(0.3));
  return vendor.next(stream, { changes, ...change });
}

function makeChanged(stream: MonthStream, stage: Stage): ScriptedKernel {
  return make(stream, stage, { changes: [stage.draws.oneOf(kmodsOf(stream.name))] });
}

/** One kmod is broken at a time: its mending would be too early for a second break. */
function makeBreaking(stream: MonthStream, stage: Stage): ScriptedKernel {
  if (stage.vendor.listBroken().length > 0) return makeChanged(stream, stage);
  stage.vendor.markBroken(BREAKABLE, stage.day);
  return make(stream, stage, { breaks: BREAKABLE, changes: [] });
}

function release(kernel: ScriptedKernel, lagPolls = 0): Happening {
  return { kind: 'release', kernel, lagPolls };
}

function disturb({ name }: MonthStream, how: Disturbance, polls: number): Happening {
  return { kind: 'disturbance', stream: name, how, polls };
}
