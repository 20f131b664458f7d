import type { Disturbance } from './month-events.ts';
import type { MonthStream } from './month-streams.ts';

/** What a stream's vendor or mirror goes through within a few polls. */
export type Scene =
  | 'same-kabi'
  | 'changed-kabi'
  | 'breaking'
  | 'advisory'
  | 'late-devel'
  | 'recalled-and-restored'
  | 'recalled-and-replaced'
  | 'burst'
  | 'point-release'
  | Disturbance;

/** The longest lasts so many polls. */
export const SCENE_POLLS = 4;

const MID_SYNC = ['repomd-ahead', 'primary-ahead', 'package-missing', 'half-written'] as const;
const OUTAGES = ['refused', 'unavailable', 'silent'] as const;
const EVERYWHERE: readonly Scene[] = [
  'same-kabi',
  'changed-kabi',
  'advisory',
  'late-devel',
  'burst',
  'fallen-back',
  ...MID_SYNC,
  ...OUTAGES,
];
/** What takes a mirror that has several kernels. */
const WITH_SEVERAL: readonly Scene[] = ['recalled-and-restored', 'recalled-and-replaced', 'shrunk'];

/** Lists the scenes that a stream can go through. */
export function listScenes({ name, mirrorKeeps }: MonthStream): readonly Scene[] {
  return [
    ...EVERYWHERE,
    ...(mirrorKeeps === 1 ? [] : WITH_SEVERAL),
    ...(mirrorKeeps === undefined ? (['point-release'] as const) : []),
    // The kmod that kernels break is not built for every stream.
    ...(name === 'leap' ? [] : (['breaking'] as const)),
  ];
}

/** Whether a scene is a release that clients and rekmod see half of for a while. */
export function isMidSync(scene: Scene): scene is (typeof MID_SYNC)[number] {
  return MID_SYNC.some((one) => one === scene);
}

/** Whether a scene is a mirror that gives nothing for a while. */
export function isOutage(scene: Scene): scene is (typeof OUTAGES)[number] {
  return OUTAGES.some((one) => one === scene);
}
