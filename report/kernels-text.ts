import type { KernelStatus, StreamStatus } from '../model/status.ts';
import { cleanText } from './clean-text.ts';
import { formatMoment, formatSeconds } from './format-values.ts';
import { GATE_TONES } from './gate-text.ts';
import { fit, paint, type TerminalStyle } from './terminal-text.ts';

const MAX_RELEASE_WIDTH = 48;
const MAX_REASON_LENGTH = 120;

/**
 * Writes the kernels of a stream for a terminal, a line each, the newest first: when it was found, how many of its
 * kmods are there, and whether machines see it.
 */
export function kernelsToText(
  { title, kernels }: StreamStatus,
  { color }: Pick<TerminalStyle, 'color'>,
): string {
  const width = Math.min(MAX_RELEASE_WIDTH, Math.max(6, ...kernels.map(lengthOf)));
  const lines = kernels.toReversed().map((kernel) => writeKernel(kernel, width, color));
  const none = kernels.length === 0 ? ['  no kernel found yet'] : [];
  return `${[paint(cleanText(title), 'strong', color), ...lines, ...none].join('\n')}\n`;
}

function lengthOf({ release }: KernelStatus): number {
  return [...cleanText(release)].length;
}

function writeKernel(kernel: KernelStatus, width: number, color: boolean): string {
  const { release, foundAt } = kernel;
  const parts = [
    fit(cleanText(release, MAX_RELEASE_WIDTH), width),
    paint(`found ${formatMoment(foundAt)}`, 'muted', color),
    fit(describeReady(kernel), 16),
    ...(kernel.estimate
      ? [`ready in about ${formatSeconds(kernel.estimate.remainingMs / 1000)}`]
      : []),
    ...describeGate(kernel, color),
    ...(kernel.isWithdrawn ? ['withdrawn upstream'] : kernel.goneSince ? ['gone upstream'] : []),
  ];
  return `  ${parts.join('  ').trimEnd()}`;
}

function describeReady({ state, counts }: KernelStatus): string {
  if (state === 'waiting-for-devel') return 'waits for -devel';
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0) - counts.excluded;
  return `${counts.kept + counts.built} of ${all} ready`;
}

function describeGate({ gate }: KernelStatus, color: boolean): readonly string[] {
  if (gate === undefined) return [];
  const text = gate.state === 'released' ? gate.state : `${gate.state}: ${gate.reason}`;
  return [paint(cleanText(text, MAX_REASON_LENGTH), GATE_TONES[gate.state], color)];
}
