import { writeTable } from '../truth/table.ts';
import {
  type CorpusOutcome,
  type CorpusSummary,
  hasModules,
  isCausedByRekmod,
  summarize,
} from './outcome.ts';
import type { RolloutFacts } from './rollouts.ts';

/** Every kmod with its end and the build's seconds for each kernel, a row a kmod. */
export function describeOutcomes(
  outcomes: readonly CorpusOutcome[],
  releases: readonly string[],
): string {
  const kmods = [...new Set(outcomes.map(({ kmod }) => kmod))].sort();
  const rows = kmods.map((kmod) => [
    kmod,
    ...releases.map((release) => {
      const outcome = outcomes.find((one) => one.kmod === kmod && one.release === release);
      return outcome ? describeEnd(outcome) : '';
    }),
  ]);
  return writeTable([['kmod', ...releases], ...rows]);
}

function describeEnd({ state, seconds }: CorpusOutcome): string {
  return seconds === undefined ? state : `${state} ${seconds.toFixed(1).padStart(6)} s`;
}

/** Every cell without modules: rekmod's own explanation, and whose fault it is. */
export function describeTroubles(outcomes: readonly CorpusOutcome[]): string {
  return outcomes
    .filter(({ state }) => !hasModules(state))
    .map((outcome) => {
      const { kmod, release, state, trouble } = outcome;
      const facts = (trouble?.explanation.facts ?? []).filter(({ label }) =>
        SHOWN_FACTS.includes(label),
      );
      return [
        `${kmod} ${release} ${state}; ${describeCulprit(outcome)}`,
        `    ${trouble?.explanation.headline ?? ''}`,
        ...facts.map(({ label, text }) => `    ${label}: ${text}`),
      ].join('\n');
    })
    .join('\n');
}

const SHOWN_FACTS: readonly string[] = ['outcome', 'error'];

function describeCulprit(outcome: CorpusOutcome): string {
  const { trouble } = outcome;
  const answer = `dkms ${trouble?.dkms ?? 'was not asked'}`;
  if (isCausedByRekmod(outcome)) return `${answer}: caused by rekmod`;
  return `${answer} as well: the module's own`;
}

/** How long the rollouts took, and how much Temporal keeps of them. */
export function describeRollouts(rollouts: readonly RolloutFacts[]): string {
  return writeTable([
    ['rollout', 'seconds', 'events', 'KiB', 'longest rebuild s', 'its events'],
    ...rollouts.map(({ release, seconds, historyEvents, historyKilobytes, longestRebuild }) => [
      release,
      seconds.toFixed(0),
      historyEvents,
      historyKilobytes,
      longestRebuild.seconds.toFixed(0),
      longestRebuild.historyEvents,
    ]),
  ]);
}

/** The last line, e.g. `modules: 30, kernels: 3, cells: 90, built: 60, …`. */
export function describeSummary(summary: CorpusSummary): string {
  const { modules, kernels, cells, built, kept, failed, causedByRekmod } = summary;
  return `modules: ${modules}, kernels: ${kernels}, cells: ${cells}, built: ${built}, kept: ${kept}, failed: ${failed}, caused by rekmod: ${causedByRekmod}`;
}

const WANTED_MODULES = 20;

/** Whether the corpus is as large as it must be, every cell has ended, and nothing is rekmod's fault. */
export function isGood(outcomes: readonly CorpusOutcome[], releases: readonly string[]): boolean {
  const { modules, cells, causedByRekmod } = summarize(outcomes);
  return modules >= WANTED_MODULES && cells === modules * releases.length && causedByRekmod === 0;
}
