import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../read-lab.ts';
import { type ChaosWorld, createChaosWorld } from './chaos-world.ts';
import { checkHistories, findUnfinished } from './check-histories.ts';
import { findLeftovers, findSurvivors } from './check-orphans.ts';
import { checkOutcomes, type Happened } from './check-outcomes.ts';
import { checkServed } from './check-served.ts';
import { strike } from './faults.ts';
import { keepEvidence } from './keep-evidence.ts';
import {
  type ChaosStep,
  dealFaults,
  FAULT_KINDS,
  type FaultKind,
  type PlannedFault,
  planChaos,
} from './plan-chaos.ts';
import { waitUntil } from './processes.ts';
import { openRandom } from './random.ts';
import { type RepositoryWatcher, watchRepository } from './repository-watcher.ts';

/** A run of chaos. */
export interface SeedOptions {
  readonly seed: number;
  /** Faults that must really strike something. */
  readonly faultCount: number;
  readonly size: 'small' | 'full';
  /** How long rekmod may take to heal when the faults are over. */
  readonly settleMs: number;
  /** Keeps records and logs also of a run without violations. */
  readonly isKept: boolean;
  readonly say: (line: string) => void;
  /** Ends the run early, and everything that it began. */
  readonly signal: AbortSignal;
}

/** How a run ended. */
export interface SeedResult {
  /** What was done, by kind. */
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly violations: readonly string[];
}

const UP_TIMEOUT_MS = 90_000;
const CHANGES = { small: 0, full: 2 } as const;

/** Runs one seed from an empty directory to its end, and looks whether all is as it must be. */
export async function runSeed(lab: Lab, options: SeedOptions): Promise<SeedResult> {
  const { seed, size, say } = options;
  const chaos = await createChaosWorld(lab, { size, hasOwnTemporal: seed % 2 === 0 });
  try {
    for (const [kind, reason] of chaos.impossible) say(`${kind} is left out: ${reason}`);
    const run = new SeedRun(chaos, options);
    const result = await run.play();
    if (options.isKept || result.violations.length > 0) {
      say(`records and logs are kept in ${await keepEvidence(chaos, seed)}`);
    }
    return result;
  } finally {
    await chaos[Symbol.asyncDispose]();
  }
}

class SeedRun {
  readonly #chaos: ChaosWorld;
  readonly #options: SeedOptions;
  readonly #faults = new Map<FaultKind, number>();
  readonly #released: string[] = [];
  #version = '1.0';

  constructor(chaos: ChaosWorld, options: SeedOptions) {
    this.#chaos = chaos;
    this.#options = options;
    this.#released.push(...chaos.kernels.slice(0, 1).map(({ release }) => release));
  }

  async play(): Promise<SeedResult> {
    const { supervisor, world } = this.#chaos;
    const isUp = await waitUntil(
      () => world.pid !== undefined && !supervisor.isStarting,
      UP_TIMEOUT_MS,
    );
    if (!isUp) throw new Error(`rekmod did not come up, see ${world.upLog}`);
    const watchers = ['kmods', 'lab-gated'].map((name) => this.#watch(name));
    await this.#breakThings();
    this.#options.say('the faults are over; waiting for rekmod to heal');
    const violations = [...(await this.#settle())];
    for (const watcher of watchers) await watcher.stop();
    violations.push(...watchers.flatMap((watcher) => this.#judge(watcher)));
    violations.push(...(await checkHistories(this.#chaos)));
    violations.push(...(await checkServed(this.#chaos, this.#happened)));
    await supervisor.stop();
    violations.push(...(await findSurvivors(this.#chaos)));
    return { faults: this.#faults, violations };
  }

  get #happened(): Happened {
    return { released: this.#released, version: this.#version };
  }

  #watch(name: string): RepositoryWatcher {
    const { world } = this.#chaos;
    const key = join(world.home, 'repositories', 'kmods', 'current', 'RPM-GPG-KEY-rekmod');
    return watchRepository(`${world.serverUrl}/repositories/${name}`, key);
  }

  #judge({ violations, lookCount, silentCount, seen }: RepositoryWatcher): readonly string[] {
    const facts = `${lookCount} looks at whole metadata, ${silentCount} without an answer, ${seen.size} packages`;
    this.#options.say(`a client of the repository had ${facts}`);
    return lookCount === 0 ? ['a client never saw a repository'] : violations;
  }

  async #breakThings(): Promise<void> {
    const { seed, faultCount, size } = this.#options;
    const kinds = FAULT_KINDS.filter((kind) => !this.#chaos.impossible.has(kind));
    const plan = planChaos({
      ...{ seed, kinds, faultCount, changeCount: CHANGES[size] },
      kernelCount: this.#chaos.kernels.length - 1,
    });
    for (const step of plan) await this.#do(step);
    // What struck nothing is made up for.
    const more = dealFaults(openRandom(-seed), kinds, faultCount);
    for (const fault of more) {
      if (this.#struckCount >= faultCount) return;
      await this.#do({ kind: 'fault', afterMs: 1000, fault });
    }
  }

  get #struckCount(): number {
    return [...this.#faults.values()].reduce((sum, count) => sum + count, 0);
  }

  async #do(step: ChaosStep): Promise<void> {
    await delay(step.afterMs, undefined, { signal: this.#options.signal });
    if (step.kind === 'release') await this.#release(step.kernel);
    else if (step.kind === 'change') await this.#change(step.version);
    else await this.#strike(step.fault);
  }

  async #release(index: number): Promise<void> {
    const kernel = this.#chaos.kernels[index];
    if (!kernel) throw new Error('BUG: the plan releases a kernel that is not there');
    await this.#chaos.world.release(kernel.name);
    this.#released.push(kernel.release);
    this.#options.say(`the vendor releases ${kernel.release}`);
  }

  async #change(version: string): Promise<void> {
    const { changing } = this.#chaos;
    await changing.change(version);
    this.#version = version;
    this.#options.say(`the source of ${changing.name} becomes version ${version}`);
  }

  async #strike(fault: PlannedFault): Promise<void> {
    const words = await strike(this.#chaos, fault);
    if (words === undefined) {
      this.#options.say(`${fault.kind} found nothing to strike`);
      return;
    }
    this.#faults.set(fault.kind, (this.#faults.get(fault.kind) ?? 0) + 1);
    this.#options.say(`fault ${this.#struckCount}: ${words}`);
  }

  /** @returns What is still wrong when the time is over; empty as soon as nothing is. */
  async #settle(): Promise<readonly string[]> {
    const { settleMs, say, signal } = this.#options;
    const startedAt = Date.now();
    for (let wrong: readonly string[] = []; ; ) {
      wrong = await this.#findWrong();
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      if (wrong.length === 0) {
        say(`healed after ${seconds} s, ${this.#chaos.supervisor.startCount} starts of rekmod up`);
        return [];
      }
      if (Date.now() - startedAt > settleMs) {
        return wrong.map((sentence) => `after ${seconds} s of quiet: ${sentence}`);
      }
      await delay(1000, undefined, { signal });
    }
  }

  async #findWrong(): Promise<readonly string[]> {
    const wrong = await checkOutcomes(this.#chaos, this.#happened);
    if (wrong.length > 0) return wrong;
    const unfinished = await findUnfinished(this.#chaos);
    if (unfinished.length > 0) return unfinished;
    return await findLeftovers(this.#chaos);
  }
}
