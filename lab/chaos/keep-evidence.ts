import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../read-lab.ts';
import type { ChaosWorld } from './chaos-world.ts';

const KEPT = [
  ...[
    'cells',
    'gates',
    'kernels',
    'logs',
    'plans',
    'rollouts',
    'status',
    'streams',
    'sources.json',
  ],
  ...['build-numbers', 'temporal', 'repositories'],
];

/** Copies what tells how a run went out of its world, which goes. @returns Where it lies. */
export async function keepEvidence({ world, engine }: ChaosWorld, seed: number): Promise<string> {
  const kept = join(cacheDirectory(), 'chaos', 'kept', `seed-${seed}`);
  await rm(kept, { recursive: true, force: true });
  await mkdir(kept, { recursive: true });
  const copy = (from: string, name: string): Promise<void> =>
    cp(from, join(kept, name), { recursive: true, verbatimSymlinks: true }).catch(() => undefined);
  await copy(world.upLog, 'up.log');
  await copy(world.configFile, 'rekmod.yaml');
  if (engine) await copy(engine.logFile, 'dockerd.log');
  for (const name of KEPT) await copy(join(world.home, name), name);
  return kept;
}
